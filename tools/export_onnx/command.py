"""The command line of exporting networks."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.default_checkpoints import named_checkpoint
from seethrough.errors import SeethroughError

if TYPE_CHECKING:
    from tools.export_onnx.networks import ExportedNetwork

PROGRAM = "python -m tools.export_onnx"
DESCRIPTION = """\
Write the networks of a run as ONNX, with crop, units and face model in their metadata, and check them with onnxruntime.

  %(prog)s default --out onnx/                       # encoder, segmentation and translator that come along
  %(prog)s runs/NAME --out onnx/                     # of a run of focus or of bump
  %(prog)s runs/FOCUS runs/BUMP --out onnx/          # of both
"""


def main(arguments: Sequence[str]) -> int:
    """Read the command line, and write a file a network."""
    parser = argparse.ArgumentParser(
        PROGRAM, description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "runs",
        nargs="+",
        metavar="RUN",
        help="run folder, checkpoint file, default (what comes along), default_bump",
    )
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="folder for the .onnx files")
    options = parser.parse_args(arguments)
    from tools.export_onnx.exporting import TOLERANCE, exported_bytes, largest_difference, require_onnx, write

    require_onnx()
    files = _files(options.runs)
    _make_folder(options.out)
    networks = [network for run, file in files for network in _networks(run, file)]
    _refuse_twice([network.name for network in networks])
    for network in networks:
        content = exported_bytes(network)
        difference = largest_difference(network, content)
        file = options.out / f"{network.name}.onnx"
        if not difference <= TOLERANCE:
            raise SeethroughError(
                f"{file} is not written: onnxruntime's outputs differ from PyTorch's by {difference:.1e} of their "
                f"size, more than {TOLERANCE:g}; try another version of onnxruntime"
            )
        write(content, file)
        print(
            f"{file}: {len(content) / 1e6:.1f} MB, {', '.join(network.inputs)} of {network.size} px to "
            f"{', '.join(network.outputs)}; onnxruntime differs from PyTorch by {difference:.1e} of their size at most"
        )
    return 0


def _files(runs: Sequence[str]) -> list[tuple[str, Path]]:
    """Return the runs and their checkpoint files; ``default`` stands for all that come along."""
    from lightning_modules.bump.packing import DEFAULT_RUN
    from lightning_modules.focus.packing import DEFAULT

    wanted = [each for run in runs for each in ((DEFAULT, DEFAULT_RUN) if run == DEFAULT else (run,))]
    return [(run, named_checkpoint(run)) for run in dict.fromkeys(wanted)]


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SeethroughError(f"cannot make the folder {folder}: {error.strerror}") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise SeethroughError(f"cannot write into {folder}: no permission; name another folder with --out")


def _networks(run: str, file: Path) -> list[ExportedNetwork]:
    """Load what a checkpoint holds.

    Raises:
        SeethroughError: a run of another kind, or a checkpoint that cannot be read.
    """
    from lightning_modules.bump.lightning_model import METHOD as BUMP
    from lightning_modules.bump.loading import load_translator
    from lightning_modules.checkpoint_reading import read_checkpoint
    from lightning_modules.focus.lightning_model import METHOD as FOCUS
    from lightning_modules.focus.loading import load_focus_module
    from seethrough.networks.bump_release import GENERATOR
    from tools.export_onnx.networks import bump_networks, focus_networks, metadata_of

    checkpoint = read_checkpoint(file)
    method = (checkpoint.get("hyper_parameters") or {}).get("method")
    told = metadata_of(checkpoint, file)
    if method == FOCUS:
        networks = focus_networks(load_focus_module(file, misfit_prior=False), told)
        if len(networks) == 1:
            print(f"{run} has trained no segmentation network: its encoder alone is written")
        return networks
    if method == BUMP or any(str(key).startswith(GENERATOR) for key in checkpoint):
        return bump_networks(load_translator(file), told)
    kind = f"a run of '{method}'" if method else "no checkpoint of this project"
    raise SeethroughError(f"{run} is {kind}: name a run of focus or of bump")


def _refuse_twice(names: Sequence[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise SeethroughError(f"two of the runs write {name}.onnx: write them into two folders, one call a run")
