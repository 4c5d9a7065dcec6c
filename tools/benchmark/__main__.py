"""``python -m tools.benchmark [SECTION...] [--json FILE] [--markdown FILE] [--list]``."""

import os

# Before NumPy is loaded: its matrix products keep to one thread, as those of torch do.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from experiments.command_line import run
from tools.benchmark.command import main

run(main)
