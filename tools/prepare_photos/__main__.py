"""Detect, align and crop the faces of photos or of a data set, once, into one folder with one manifest."""

from __future__ import annotations

from experiments.command_line import run
from tools.prepare_photos.command import main

if __name__ == "__main__":
    run(main)
