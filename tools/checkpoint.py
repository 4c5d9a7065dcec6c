"""Pack a trained run into one small file, or say what a checkpoint is.

python -m tools.checkpoint pack runs/NAME --out lightning_modules/focus/data/default.pt
python -m tools.checkpoint describe default
python -m tools.checkpoint describe default --config > trained_with.yaml
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from experiments.command_line import run, write_json
from seethrough.errors import SeethroughError

PROGRAM = "python -m tools.checkpoint"
OPEN_LICENCE = "weights CC0 1.0 (trained on faces rendered from CC0 data), code MIT"


def main(arguments: list[str]) -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(PROGRAM, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command_name", required=True)
    pack_parser = commands.add_parser("pack", help="write half-precision weights, settings and provenance to one file")
    pack_parser.add_argument("run", metavar="RUN", help="run folder, checkpoint file, or default")
    pack_parser.add_argument("--out", required=True, metavar="FILE", help="what to write")
    pack_parser.add_argument(
        "--command", action="append", metavar="TEXT", help="what trained it, once for each command"
    )
    pack_parser.add_argument("--data", metavar="TEXT", help="what it was trained on, where its settings do not say it")
    pack_parser.add_argument("--licence", metavar="TEXT", help="of the weights; needed unless the face model is open")
    pack_parser.add_argument("--note", metavar="TEXT", help="anything else that its user should know")
    pack_parser.add_argument("--misfit-prior", metavar="FILE", help="take this prior instead of the run's own")
    describe_parser = commands.add_parser("describe", help="say what a checkpoint holds and where it comes from")
    describe_parser.add_argument("run", metavar="RUN", help="run folder, checkpoint file, or default")
    form = describe_parser.add_mutually_exclusive_group()
    form.add_argument("--config", action="store_true", help="print the whole experiment as YAML, to train it again")
    form.add_argument("--json", metavar="PATH", help="also write the description as JSON")
    options = parser.parse_args(arguments)
    return pack(options) if options.command_name == "pack" else describe(options)


def pack(options: argparse.Namespace) -> int:
    """Write the packed checkpoint and say how far its faces are from the original's."""
    from lightning_modules.checkpoint_reading import read_checkpoint
    from lightning_modules.focus.loading import load_focus_module, newest_checkpoint
    from lightning_modules.focus.misfit_prior import misfit_prior_of, read_misfit_prior, refuse_stale
    from lightning_modules.focus.model_signature import model_signature
    from lightning_modules.focus.packing import LARGEST_MEGABYTES, packed, write_checkpoint

    file = newest_checkpoint(options.run)
    checkpoint = read_checkpoint(file)
    module = load_focus_module(file, misfit_prior=False)
    if options.misfit_prior:
        prior = read_misfit_prior(Path(options.misfit_prior))
        refuse_stale(prior, module, file, Path(options.misfit_prior))
    else:
        prior = misfit_prior_of(module, file, checkpoint, named=Path(options.run).is_file())
    provenance = _provenance(options, file, checkpoint, module.config.face_model.source)
    signature = model_signature(module.focus.face_renderer.model)
    content = packed(checkpoint, provenance, signature, None if prior is None else prior.as_dict())
    size = write_checkpoint(content, Path(options.out), LARGEST_MEGABYTES)
    moved = largest_movement(module, load_focus_module(options.out))
    print(f"{options.out}: {size / 1e6:.2f} MB, half precision moves no vertex by more than {moved:.4f} mm")
    return 0


def told_misfit_prior(file: Path, checkpoint: Mapping[str, Any]) -> str | None:
    """Say which misfit prior lies in or beside a checkpoint, and whether it was measured for these weights."""
    from lightning_modules.focus.misfit_prior import encoder_fingerprint, misfit_prior_file, read_misfit_prior

    prior = checkpoint.get("misfit_prior")
    if prior is None:
        beside = misfit_prior_file(file)
        if not beside.is_file():
            return None
        found = read_misfit_prior(beside)
        # The weights alone tell: the face model may not lie on this machine.
        if found.fingerprint != encoder_fingerprint(checkpoint["state_dict"]):
            return f"none: the one in {beside} was measured for {found.checkpoint}, which has other weights"
        prior = found.as_dict()
    size = float(prior["error"].norm(dim=-1).mean())
    return f"{size:.3f} mm a vertex on average, over {prior['faces']} faces"


def largest_movement(first, second) -> float:
    """Return the largest distance in mm between the vertices that two modules predict for the same eight pictures."""
    import torch

    from lightning_modules.focus.misfit_faces import FaceSpread, MisfitFaces

    faces = MisfitFaces(first.focus.face_renderer, FaceSpread(), seed=0)
    image = faces.batch(range(8))["image"]
    with torch.no_grad():
        shapes = [
            module.focus.face_renderer.geometry(module.focus.encoder(image)).vertices for module in (first, second)
        ]
    return float((shapes[0] - shapes[1]).norm(dim=-1).max())


def _provenance(options: argparse.Namespace, file: Path, checkpoint: Mapping[str, Any], model: str) -> dict[str, Any]:
    from experiments.provenance import commit
    from seethrough.morphable.loading import OPEN

    earlier = checkpoint.get("provenance") or {}
    config = checkpoint.get("config") or {}
    licence = options.licence or earlier.get("licence") or (OPEN_LICENCE if model == OPEN else None)
    if licence is None:
        raise SeethroughError(
            f"{file} was trained with the face model {model}, whose licence may bind the weights: say under which "
            "licence they may be used with --licence TEXT"
        )
    trained = "; ".join(options.command or ()) or earlier.get("command")
    return {
        "command": trained or _command_again(file, config),
        "commit": checkpoint.get("commit") or earlier.get("commit") or f"{commit()} (when it was packed)",
        "data": options.data or earlier.get("data") or config.get("dataset") or "not told",
        "steps": int(checkpoint["em_step"]),
        "licence": licence,
        "note": options.note or earlier.get("note"),
    }


def _command_again(file: Path, config: Mapping[str, Any]) -> str:
    """Return how the training is run again: from its folder's settings, else from those in the checkpoint."""
    beside = file.parent.parent / "config.yaml"
    if file.parent.name == "checkpoints" and beside.is_file():
        return f"python -m experiments.train {beside} name=NAME"
    if config:
        return f"python -m experiments.train trained_with.yaml name=NAME, as {PROGRAM} describe --config prints it"
    return "not told"


def describe(options: argparse.Namespace) -> int:
    """Print what a checkpoint is."""
    from lightning_modules.checkpoint_reading import read_checkpoint
    from lightning_modules.focus.loading import newest_checkpoint

    file = newest_checkpoint(options.run)
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
    from lightning_modules.focus.loading import checkpoint_config
    from lightning_modules.focus.packing import FORMAT, PROVENANCE

    config = checkpoint_config(dict(checkpoint), file)
    weights = checkpoint["state_dict"]
    count = {
        name: sum(value.numel() for key, value in weights.items() if key.startswith(f"focus.{name}."))
        for name in ("encoder", "segmentation")
    }
    model = {key: value for key, value in asdict(config.face_model).items() if value is not None}
    experiment, provenance = checkpoint.get("config") or {}, checkpoint.get("provenance") or {}
    told: dict[str, Any] = {
        "file": file,
        "megabytes": round(file.stat().st_size / 1e6, 2),
        "packed": checkpoint.get("format") == FORMAT,
        "image_size_px": config.image_size,
        "face_model": ", ".join(f"{key}={value}" for key, value in model.items()),
        "encoder": f"{config.encoder.architecture}, {count['encoder']:,} numbers",
        "segmentation": f"{count['segmentation']:,} numbers",
        "mask": config.mask,
        "steps": int(checkpoint["em_step"]),
        "data": experiment.get("dataset"),
        "seed": experiment.get("seed"),
        "commit": checkpoint.get("commit"),
    }
    told |= {key: provenance[key] for key in PROVENANCE if provenance.get(key) is not None}
    told["misfit_prior"] = told_misfit_prior(file, checkpoint)
    return told


if __name__ == "__main__":
    run(main)
