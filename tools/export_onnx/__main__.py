"""Write the networks of a run as ONNX."""

from __future__ import annotations

from experiments.command_line import run
from tools.export_onnx.command import main

if __name__ == "__main__":
    run(main)
