"""The command line of packed checkpoints."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from experiments.command_line import write_json
from experiments.default_checkpoints import named_checkpoint
from seethrough.errors import SeethroughError
from tools.checkpoint import bump_checkpoint, focus_checkpoint

PROGRAM = "python -m tools.checkpoint"
DESCRIPTION = """\
Pack a trained run into one small file, or say what a checkpoint is.

  %(prog)s pack runs/NAME --out network.pt
  %(prog)s pack runs/NAME --out lightning_modules/focus/data/default.pt     # what `default` names from now on
  %(prog)s pack runs/NAME --out lightning_modules/bump/data/default.pt      # and `default_bump`
  %(prog)s describe default
  %(prog)s describe default --config > trained_with.yaml
"""


def main(arguments: list[str]) -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        PROGRAM, description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command_name", required=True)
    pack_parser = commands.add_parser("pack", help="write half-precision weights, settings and provenance to one file")
    pack_parser.add_argument("run", metavar="RUN", help="run folder, checkpoint file, default, or default_bump")
    pack_parser.add_argument("--out", required=True, metavar="FILE", help="what to write")
    pack_parser.add_argument(
        "--command", action="append", metavar="TEXT", help="what trained it, once for each command"
    )
    pack_parser.add_argument("--data", metavar="TEXT", help="what it was trained on, where its settings do not say it")
    pack_parser.add_argument("--licence", metavar="TEXT", help="of the weights; needed unless the face model is open")
    pack_parser.add_argument("--note", metavar="TEXT", help="anything else that its user should know")
    pack_parser.add_argument("--misfit-prior", metavar="FILE", help="take this prior instead of the run's own")
    describe_parser = commands.add_parser("describe", help="say what a checkpoint holds and where it comes from")
    describe_parser.add_argument("run", metavar="RUN", help="run folder, checkpoint file, default, or default_bump")
    form = describe_parser.add_mutually_exclusive_group()
    form.add_argument("--config", action="store_true", help="print the whole experiment as YAML, to train it again")
    form.add_argument("--json", metavar="PATH", help="also write the description as JSON")
    options = parser.parse_args(arguments)
    return pack(options) if options.command_name == "pack" else describe(options)


def pack(options: argparse.Namespace) -> int:
    """Write the packed checkpoint and say how far its predictions are from the original's."""
    from lightning_modules import packing
    from lightning_modules.checkpoint_reading import read_checkpoint

    file, out = named_checkpoint(options.run), Path(options.out)
    checkpoint = read_checkpoint(file)
    method = _of_method(checkpoint)
    content = method.packed_content(options, file, checkpoint)
    size = packing.write_checkpoint(content, out, packing.LARGEST_MEGABYTES)
    print(f"{options.out}: {size / 1e6:.2f} MB, {method.told_difference(file, out)}")
    return 0


def describe(options: argparse.Namespace) -> int:
    """Print what a checkpoint is."""
    from lightning_modules.checkpoint_reading import read_checkpoint

    file = named_checkpoint(options.run)
    checkpoint = read_checkpoint(file)
    if options.config:
        from experiments.config.composition import as_yaml

        if not checkpoint.get("config"):
            raise SeethroughError(f"{file} does not tell the experiment that it comes from, only its networks")
        print(as_yaml(checkpoint["config"]), end="")
        return 0
    told = description(file, checkpoint)
    width = max(map(len, told))
    for key, value in told.items():
        if value is not None:
            print(f"{key.replace('_', ' '):{width}}  {value}")
    if options.json:
        write_json(options.json, told)
    return 0


def description(file: Path, checkpoint: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is worth knowing of a checkpoint, by name."""
    from lightning_modules.packing import FORMAT, PROVENANCE

    networks = _of_method(checkpoint).description(file, checkpoint)
    experiment, provenance = checkpoint.get("config") or {}, checkpoint.get("provenance") or {}
    told: dict[str, Any] = {
        "file": file,
        "megabytes": round(file.stat().st_size / 1e6, 2),
        "packed": checkpoint.get("format") == FORMAT,
        **{key: value for key, value in networks.items() if key != "misfit_prior"},
        "data": experiment.get("dataset"),
        "seed": experiment.get("seed"),
        "commit": checkpoint.get("commit"),
    }
    told |= {key: provenance[key] for key in PROVENANCE if provenance.get(key) is not None}
    return told | {key: value for key, value in networks.items() if key == "misfit_prior"}


def _of_method(checkpoint: Mapping[str, Any]) -> ModuleType:
    """Return what knows the checkpoints of the method; FOCUS' refuses what is of neither."""
    hyper = checkpoint.get("hyper_parameters") or {}
    return bump_checkpoint if hyper.get("method") == "bump" else focus_checkpoint
