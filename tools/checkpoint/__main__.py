"""Pack a trained run into one small file, or say what a checkpoint is."""

from __future__ import annotations

from experiments.command_line import run
from tools.checkpoint.command import main

if __name__ == "__main__":
    run(main)
