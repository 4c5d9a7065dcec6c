"""Entry point of ``python -m tools.now_score``."""

from experiments.command_line import run
from tools.now_score.command import main

if __name__ == "__main__":
    run(main)
