"""``python -m tests.resume_matrix --kills 56``: kill trainings at random points, resume them, compare the ends.

Every training runs once undisturbed. Then, stage by stage, it is started in a folder of its own, killed there with
SIGKILL at random points of that stage, and started again with ``resume=auto`` after each kill until it ends.
Parameters, states of optimisers, sampler, schedules and counters, curves and pictures must be those of the undisturbed
run, bit for bit.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path


def main() -> int:
    """Run the matrix and print its table; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.resume_matrix", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=56, help="kills in all, dealt out to the cells (default 56)")
    parser.add_argument("--seed", type=int, default=0, help="of the kill points")
    parser.add_argument("--only", default="", metavar="TEXT", help="only cells whose name contains TEXT")
    parser.add_argument("--folder", type=Path, help="keep the runs there; otherwise they are removed")
    options = parser.parse_args()

    from tests.resume_matrix.matrix import run_matrix

    folder = options.folder or Path(tempfile.mkdtemp(prefix="resume-matrix-"))
    try:
        return run_matrix(options.kills, options.seed, options.only, folder.resolve())
    finally:
        if options.folder is None:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    raise SystemExit(main())
