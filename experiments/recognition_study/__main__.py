"""Entry point of ``python -m experiments.recognition_study``."""

from experiments.command_line import run
from experiments.recognition_study.command import main

if __name__ == "__main__":
    run(main)
