"""``python -m tools.benchmark SECTION... [--json PATH] [--list]``."""

from experiments.command_line import run
from tools.benchmark.command import main

run(main)
