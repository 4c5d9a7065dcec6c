"""The command line of a preparation."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.command_line import EXIT_FAILED, write_json
from experiments.option_values import count
from experiments.processes import is_first_process
from seethrough.counting import counted
from seethrough.errors import SeethroughError

if TYPE_CHECKING:
    from datamodules.photos.preparing import PreparationReport, PreparationRun

PROGRAM = "python -m tools.prepare_photos"
DESCRIPTION = """\
Find the face and its 68 landmarks in every photo, align and crop it as FOCUS does (with a margin for augmentation), and
write one folder that trainings and evaluations read. A run that was killed goes on when the same command is given
again, and ends with the same bytes; photos that were added, mended or removed since cost their own share only.

  %(prog)s album/ --out data/prepared/album
  %(prog)s data/celeba_hq data.root=/data/CelebAMask-HQ --out data/prepared/celeba_hq
  %(prog)s data/vgg_casia data.root=/data/CASIA-WebFace --jobs 16 --skip-bad --shards 64
"""
EPILOGUE = """\
written into DIR: manifest.jsonl (a row a face, in the order of the data set), skipped.jsonl (who was left out and why),
preparation.json, crops/, masks/ where the data set knows them, contact_sheet.jpg, and shards/ where asked for.
exit code: 0; 1 if a photo was skipped, unless --skip-bad; 2 for a mistake in the command or the tables of a data set.
"""


def main(arguments: list[str]) -> int:
    """Prepare what the arguments name; returns 1 if a photo was skipped and that was not allowed."""
    options = _parser().parse_intermixed_args(arguments)
    distributed = options.devices > 1 or options.nodes > 1
    if distributed and options.jobs:
        raise SeethroughError("--jobs and --devices: the devices are the processes; give one of them")

    from datamodules.photos.automatic_preparation import refuse_another_preparation
    from datamodules.photos.prepared_folder import is_prepared, read_prepared_folder
    from datamodules.photos.preparing.of_config import preparation_of
    from tools.prepare_photos.source import read_source

    source = read_source(options.source, options.skip_bad)
    config = source.config
    out = Path(options.out or config.prepared)
    _refuse_within(out, config.root, source.name)
    if is_prepared(out) and not options.overwrite:
        # Photos that came or went since are welcome; another choice among them would drop what is there.
        refuse_another_preparation(replace(config, prepared=str(out), root=""), read_prepared_folder(out))
    first = is_first_process()
    listing = source.listing()
    with _lines_of_faults():
        run = preparation_of(config, source.name, listing, out=out, say=_say if first else _silent)
    report = _prepared(run, options, distributed)
    if report is None:  # another process has the results
        return 0
    shards = _write_shards(out, options.shards) if options.shards else 0
    _tell(report, out, shards)
    if options.json:
        write_json(options.json, {**report.as_numbers(), "folder": str(out), "shards": shards})
    return EXIT_FAILED if report.skipped and not config.skip_bad else 0


def _prepared(run: PreparationRun, options: argparse.Namespace, distributed: bool) -> PreparationReport | None:
    if distributed:
        from tools.prepare_photos.distributed import prepare_distributed

        return prepare_distributed(
            run, devices=options.devices, nodes=options.nodes, accelerator=options.accelerator,
            overwrite=options.overwrite,
        )  # fmt: skip
    from datamodules.photos.preparing import carry_out

    return carry_out(run, jobs=options.jobs, overwrite=options.overwrite)


def _write_shards(out: Path, count: int) -> int:
    from datamodules.photos.preparing.shard_writing import write_shards

    return write_shards(out, out / "shards", count)


def _tell(report: PreparationReport, out: Path, shards: int) -> None:
    from rich.console import Console

    from tools.prepare_photos.table import report_table

    console = Console(width=120, highlight=False)
    console.print(report_table(report, str(out)))
    for why, reasons in report.examples.items():
        rest = report.why[why] - len(reasons)
        for reason in reasons:
            console.print(f"skipped: {reason}", markup=False, soft_wrap=True)
        if rest > 0:
            console.print(f"... and {rest} more of '{why}' in {out / 'skipped.jsonl'}", markup=False, soft_wrap=True)
    if report.several:
        said = f"{counted(report.several, 'photo')} with several faces: of these one is kept, "
        said += "the one that the data set means, or else the largest"
        console.print(said, soft_wrap=True)
    if report.found:
        console.print(f"look at {out / 'contact_sheet.jpg'}", markup=False, soft_wrap=True)
    if shards:
        console.print(f"{shards} shards: data.shards={out / 'shards'}", markup=False, soft_wrap=True)


def _refuse_within(out: Path, root: str, name: str) -> None:
    if name == "photos" and root and out.resolve().is_relative_to(Path(root).resolve()):
        raise SeethroughError(f"--out {out} lies in {root}, whose photos are prepared: the next run would find its own")


class _lines_of_faults:  # noqa: N801  (used as a function)
    """Print all but the last line of an error that has several, one line a fault."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, SeethroughError) and "\n" in str(error):
            *lines, last = str(error).splitlines()
            if is_first_process():
                print("\n".join(lines), file=sys.stderr)
            raise SeethroughError(last) from None


def _say(line: str) -> None:
    print(line, flush=True)


def _silent(line: str) -> None:
    return None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        PROGRAM, description=DESCRIPTION, epilog=EPILOGUE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "source",
        nargs="+",
        metavar="SOURCE",
        help="a folder, a photo, a .txt list of photos, or a data config such as data/lfw; with key=value overrides",
    )
    parser.add_argument("--out", metavar="DIR", help="folder to prepare; without it, data.prepared of the config")
    parser.add_argument("--jobs", type=count, default=0, metavar="N", help="processes that work; default: one a core")
    parser.add_argument("--skip-bad", action="store_true", help="go on without faulty records; skipped photos are fine")
    parser.add_argument("--overwrite", action="store_true", help="remove an earlier preparation from DIR first")
    parser.add_argument("--shards", type=count, default=0, metavar="N", help="also write N WebDataset shards")
    parser.add_argument("--json", metavar="PATH", help="also write the counts as JSON")
    parser.add_argument("--devices", type=count, default=1, metavar="N", help="share the work by Lightning: N a node")
    parser.add_argument("--nodes", type=count, default=1, metavar="M", help="and M nodes; start the command on each")
    parser.add_argument(
        "--accelerator", choices=("cpu", "gpu"), default="cpu", help="of --devices; dlib runs on the CPU (%(default)s)"
    )
    return parser
