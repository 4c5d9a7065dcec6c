"""The command line of bump targets."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.command_line import EXIT_FAILED, write_json
from experiments.processes import is_first_process
from seethrough.errors import SeethroughError

if TYPE_CHECKING:
    from datamodules.photos.preparing import PreparationReport, PreparationRun
    from datamodules.photos.record import Listing
    from tools.bump_targets.settings import TargetSettings

PROGRAM = "python -m tools.bump_targets"
DESCRIPTION = """\
Make bump maps of photos as the Extreme 3D paper made its training set: FOCUS gives each face a foundation, shape from
shading refines its depth, the difference is the bump. What looks wrong is left out, with a picture of it. A run that
was killed goes on when the same command is given again, and ends with the same bytes.

  %(prog)s data/prepared/photos --out data/bump
  %(prog)s album/ --out data/bump --checkpoint runs/NAME
  %(prog)s data/vgg_casia data.root=/data/CASIA-WebFace --out data/bump --jobs 16
  python -m experiments.train bump data/bump data.prepared=data/bump
"""
EPILOGUE = """\
MANIFEST is a prepared folder of tools.prepare_photos (its landmarks, masks, people and splits are taken over; the
photos themselves must still lie where they were, because stored crops are too coarse for detail), or photos as that
command takes them.
written into DIR: manifest.jsonl (a row a face), bumps/ (PNG; mm = (code - 127) / 9.6 in 8 bits, (code / 256 - 127) /
9.6 in 16 bits, out of the face positive), masks/ (where the bump says something), crops/, preparation.json,
skipped.jsonl (who was left out and why), rejected/ (a picture of each face that quality control left out),
bump_sheet.jpg and contact_sheet.jpg.
exit code: 0; 1 if a photo was skipped, unless --skip-bad; 2 for a mistake in the command.
"""


def main(arguments: list[str]) -> int:
    """Make the targets that the arguments name; returns 1 if a photo was skipped and that was not allowed."""
    options = _parser().parse_intermixed_args(arguments)
    distributed = options.devices > 1 or options.nodes > 1
    if distributed and options.jobs:
        raise SeethroughError("--jobs and --devices: the devices are the processes; give one of them")

    from datamodules.photos.preparing import PreparationRun
    from seethrough.processors import usable_cores
    from tools.bump_targets.target_store import make_target_worker
    from tools.bump_targets.targets_sheet import remove_stale_rejections, write_targets_sheet

    settings = _settings(options)
    listing, root, skip_bad = _listing(options)
    out = Path(options.out)
    _refuse_within(out, root)
    say: Callable[[str], None] = _say if is_first_process() else _silent
    run = PreparationRun(
        listing, out, data_set="bump", root=root, settings=settings, skip_bad=skip_bad, noted=settings.noted,
        make_worker=make_target_worker, say=say,
    )  # fmt: skip
    if distributed:
        from tools.prepare_photos.distributed import prepare_distributed

        report = prepare_distributed(
            run, devices=options.devices, nodes=options.nodes, accelerator=options.accelerator,
            overwrite=options.overwrite,
        )  # fmt: skip
    else:
        from datamodules.photos.preparing import carry_out

        # A target takes seconds, so that a process is worth its start for a single one.
        report = carry_out(run, jobs=options.jobs or usable_cores(), overwrite=options.overwrite)
    if report is None:  # another process has the results
        return 0
    rejected = remove_stale_rejections(out)
    write_targets_sheet(out, report.found)
    _tell(run, report, rejected)
    if options.json:
        write_json(options.json, {**report.as_numbers(), "folder": str(out), "rejected": rejected})
    return EXIT_FAILED if report.skipped and not skip_bad else 0


def _settings(options: argparse.Namespace) -> TargetSettings:
    from tools.bump_targets.detail_target import NO_NETWORK
    from tools.bump_targets.settings import TargetSettings, hash_of_weights

    weights = ""
    if options.checkpoint != NO_NETWORK:
        from lightning_modules.focus.loading import newest_checkpoint

        weights = hash_of_weights(newest_checkpoint(options.checkpoint))
    return TargetSettings(
        side=options.size, detector=options.detector, checkpoint=options.checkpoint, weights=weights,
        foundation=options.foundation, refine=options.refine, shading=options.shading, along=options.along,
        bits=options.bits,
    )  # fmt: skip


def _listing(options: argparse.Namespace) -> tuple[Listing, str, bool]:
    """Return the faces, what they come from, and whether faulty ones are left out."""
    from tools.bump_targets.prepared_photos import prepared_folder_of, prepared_listing

    folder = prepared_folder_of(options.manifest[0])
    if folder is not None:
        if len(options.manifest) > 1:
            raise SeethroughError(
                f"{' '.join(options.manifest)}: a prepared folder is all that is needed; name it alone"
            )
        return prepared_listing(folder), str(folder), options.skip_bad
    from tools.prepare_photos.source import read_source

    source = read_source(options.manifest, options.skip_bad)
    return source.listing(), source.config.root, source.config.skip_bad


def _refuse_within(out: Path, root: str) -> None:
    if out.resolve() == Path(root).resolve() or (
        Path(root).is_dir() and out.resolve().is_relative_to(Path(root).resolve())
    ):
        raise SeethroughError(f"--out {out} lies in {root}, which is read: choose a folder beside it")


def _tell(run: PreparationRun, report: PreparationReport, rejected: int) -> None:
    from rich.console import Console

    from tools.prepare_photos.table import report_table

    out = run.out
    console = Console(width=120, highlight=False)
    console.print(report_table(report, str(out)))
    for why, reasons in report.examples.items():
        rest = report.why[why] - len(reasons)
        for reason in reasons:
            console.print(f"skipped: {reason}", markup=False, soft_wrap=True)
        if rest > 0:
            console.print(f"... and {rest} more of '{why}' in {out / 'skipped.jsonl'}", markup=False, soft_wrap=True)
    if rejected:
        console.print(f"{rejected} pictures of what was left out: {out / 'rejected'}", markup=False, soft_wrap=True)
    if report.found:
        console.print(f"look at {out / 'bump_sheet.jpg'}", markup=False, soft_wrap=True)


def _say(line: str) -> None:
    print(line, flush=True)


def _silent(line: str) -> None:
    return None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        PROGRAM, description=DESCRIPTION, epilog=EPILOGUE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "manifest",
        nargs="+",
        metavar="MANIFEST",
        help="a prepared folder; or a folder of photos, a photo, a .txt list, a data config with key=value overrides",
    )
    parser.add_argument("--out", required=True, metavar="DIR", help="folder of the targets")
    parser.add_argument(
        "--checkpoint", default="default", metavar="RUN", help="FOCUS: run folder, checkpoint file, default, or none"
    )
    parser.add_argument(
        "--foundation", default="focus", metavar="PRESET", help="focus, or release: pose refitted at f = 1000 px"
    )
    parser.add_argument(
        "--refine", type=_whole, default=60, metavar="N", help="steps of the fit to each photo, 0: none (%(default)s)"
    )
    parser.add_argument(
        "--shading",
        default="default",
        metavar="PRESET",
        help="parameters of shape from shading: default, kinect, ivcam",
    )
    parser.add_argument("--along", default="z", metavar="AXIS", help="bumps along z (release) or ray (paper)")
    parser.add_argument("--size", type=_count, default=500, metavar="PX", help="side of crops and maps (%(default)s)")
    parser.add_argument("--bits", type=_count, default=16, metavar="N", help="of the maps: 16, or 8 as published")
    parser.add_argument(
        "--detector", choices=("dlib", "insightface"), default="dlib", help="for photos without landmarks (%(default)s)"
    )
    parser.add_argument("--jobs", type=_count, default=0, metavar="N", help="processes that work; default: one a core")
    parser.add_argument("--skip-bad", action="store_true", help="go on without faulty records; skipped photos are fine")
    parser.add_argument("--overwrite", action="store_true", help="remove earlier targets from DIR first")
    parser.add_argument("--json", metavar="PATH", help="also write the counts as JSON")
    parser.add_argument("--devices", type=_count, default=1, metavar="N", help="share the work by Lightning: N a node")
    parser.add_argument("--nodes", type=_count, default=1, metavar="M", help="and M nodes; start the command on each")
    parser.add_argument(
        "--accelerator",
        choices=("cpu", "gpu"),
        default="cpu",
        help="of --devices; for shape from shading (%(default)s)",
    )
    return parser


def _whole(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number")
    return int(text)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of at least 1")
    return int(text)
