"""Make a reference set for hole filling from bump targets or rendered faces."""

from __future__ import annotations

from experiments.command_line import run
from tools.reference_index.command import main

if __name__ == "__main__":
    run(main)
