"""Entry point of ``python -m experiments.protocols``."""

from experiments.command_line import run
from experiments.protocols.command import main

if __name__ == "__main__":
    run(main)
