"""Entry point of ``python -m experiments.symmetry_study``."""

from experiments.command_line import run
from experiments.symmetry_study.command import main

if __name__ == "__main__":
    run(main)
