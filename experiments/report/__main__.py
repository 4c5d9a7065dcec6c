"""One HTML page on runs and reconstructions, which needs no network and no server.

python -m experiments.report runs/A runs/B
python -m experiments.report runs/study --out study.html --reference focus
python -m experiments.report runs/A out/ --out report.html
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from experiments.command_line import EXIT_FAILED, run
from seethrough.counting import counted
from seethrough.errors import SeethroughError

PROGRAM = "python -m experiments.report"
_MEGABYTE = 1_000_000


def main(arguments: list[str]) -> int:
    """Write the page; returns 1 where something that was named could not be shown."""
    parser = argparse.ArgumentParser(PROGRAM, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "runs",
        nargs="+",
        metavar="RUN",
        help="run folder, folder of runs, or what experiments.reconstruct wrote (--out)",
    )
    parser.add_argument("--out", default="report.html", metavar="PAGE.html", help="the page (%(default)s)")
    parser.add_argument(
        "--reference", metavar="NAME", help="runs that the others are compared with; default: the first"
    )
    parser.add_argument(
        "--megabytes", type=float, default=15.0, metavar="MB", help="about how large it may be (%(default)s)"
    )
    options = parser.parse_args(arguments)
    if not options.out.endswith((".html", ".htm")):
        raise SeethroughError(f"--out {options.out} must end in .html")
    if not 1 <= options.megabytes <= 500:
        raise SeethroughError(f"--megabytes {options.megabytes:g}: give a number from 1 to 500")

    from experiments.report.sources import find_sources

    sources = find_sources(options.runs)
    for failure in sources.failures:
        print(f"error: {failure}", file=sys.stderr)
    if not (sources.runs or sources.faces or sources.sweeps):
        raise SeethroughError("nothing to report on: name at least one run folder or output folder")

    from experiments.report.contents import gather
    from experiments.report.page import write_page

    contents = gather(sources, arguments, options.reference, round(options.megabytes * _MEGABYTE))
    size = write_page(contents, Path(options.out))
    for problem in contents.data["problems"][len(sources.failures) :]:
        print(problem, file=sys.stderr)
    told = f"{counted(len(contents.data['runs']), 'run')}, {counted(len(contents.data['faces']), 'face')} with meshes"
    print(f"{options.out}: {size / _MEGABYTE:.1f} MB, {told}")
    return EXIT_FAILED if sources.failures else 0


if __name__ == "__main__":
    run(main)
