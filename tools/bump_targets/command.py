"""The command line of bump targets."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.command_line import EXIT_FAILED, write_json
from experiments.processes import is_first_process
from seethrough.errors import SeethroughError
from tools.bump_targets.options import options_parser

if TYPE_CHECKING:
    from datamodules.photos.preparing import PreparationReport, PreparationRun
    from datamodules.photos.record import Listing
    from tools.bump_targets.settings import TargetSettings


def main(arguments: list[str]) -> int:
    """Make the targets that the arguments name; returns 1 if a photo was skipped and that was not allowed."""
    options = options_parser().parse_intermixed_args(arguments)
    distributed = options.devices > 1 or options.nodes > 1
    if distributed and options.jobs:
        raise SeethroughError("--jobs and --devices: the devices are the processes; give one of them")

    from datamodules.photos.preparing import PreparationRun
    from seethrough.processors import usable_cores
    from tools.bump_targets.prepared_photos import prepared_folder_of
    from tools.bump_targets.target_store import make_target_worker
    from tools.bump_targets.targets_sheet import remove_stale_rejections, write_targets_sheet

    settings = _settings(options)
    listing, root, skip_bad = _listing(options)
    _refuse_foundation(settings, len(listing.records))
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
    _tell(run, report, rejected, prepared_folder_of(options.manifest[0]) is not None)
    if options.json:
        write_json(options.json, {**report.as_numbers(), "folder": str(out), "rejected": rejected})
    return EXIT_FAILED if report.skipped and not skip_bad else 0


def _settings(options: argparse.Namespace) -> TargetSettings:
    from lightning_modules.checkpoint_hash import hash_of_weights
    from tools.bump_targets.detail_target import NO_NETWORK
    from tools.bump_targets.settings import TargetSettings, hash_of_coefficients

    weights = ""
    if options.checkpoint != NO_NETWORK:
        from lightning_modules.focus.loading import newest_checkpoint

        weights = hash_of_weights(newest_checkpoint(options.checkpoint))
    return TargetSettings(
        side=options.size, detector=options.detector, checkpoint=options.checkpoint, weights=weights,
        foundation=options.foundation, foundation_model=options.foundation_model or "",
        foundation_expressions=options.foundation_expressions or "",
        coefficients=hash_of_coefficients(options.foundation), refine=options.refine, shading=options.shading,
        along=options.along, bits=options.bits,
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


def _refuse_foundation(settings: TargetSettings, faces: int) -> None:
    """Find mistakes of the foundation before any work, not once a face."""
    from tools.bump_targets.detail_target import foundation_source

    if foundation_source(settings).single and faces > 1:
        raise SeethroughError(
            f"--foundation {settings.foundation}: one file is of one face, here are {faces}; name a folder of files "
            "that are called as the ids of the faces (ID.json)"
        )


def _refuse_within(out: Path, root: str) -> None:
    if out.resolve() == Path(root).resolve() or (
        Path(root).is_dir() and out.resolve().is_relative_to(Path(root).resolve())
    ):
        raise SeethroughError(f"--out {out} lies in {root}, which is read: choose a folder beside it")


def _tell(run: PreparationRun, report: PreparationReport, rejected: int, prepared: bool) -> None:
    from rich.console import Console

    from tools.prepare_photos.table import report_table

    out = run.out
    console = Console(width=120, highlight=False)
    # Whether a prepared folder's landmarks were the data set's or the detector's, its own table has told.
    given = "landmarks of the prepared folder" if prepared else "landmarks of the data set"
    console.print(report_table(report, str(out), given))
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
