"""Entry point of ``python -m experiments.shading_study``."""

from experiments.command_line import run
from experiments.shading_study.command import main

if __name__ == "__main__":
    run(main)
