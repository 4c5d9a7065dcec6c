"""Entry point of ``python -m experiments.filling_study``."""

from experiments.command_line import run
from experiments.filling_study.command import main

if __name__ == "__main__":
    run(main)
