"""Make bump maps of photos by shape from shading, once, into one folder with one manifest."""

from __future__ import annotations

from experiments.command_line import run
from tools.bump_targets.command import main

if __name__ == "__main__":
    run(main)
