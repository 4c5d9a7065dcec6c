"""The command line: build the misfit prior of a run, what its fitting pipeline gets wrong on average (Sec. 3.4).

python -m tools.misfit_prior runs/NAME
python -m tools.misfit_prior runs/NAME --faces 4000 --steps 3000 expression=0.8 rotation=[0.2,0.5,0.1]

The network is trained on these faces as the run ended, with its losses and without a mask; a run that true coefficients
taught to its end (model.supervision.throughout) is taught by those of these faces too.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.command_line import write_json
from seethrough.errors import SeethroughError

if TYPE_CHECKING:
    from lightning_modules.focus.misfit_faces import FaceSpread

PROGRAM = "python -m tools.misfit_prior"


def main(arguments: list[str]) -> int:
    """Build the prior, write it with its picture into the run folder, and say what came out."""
    options = _parser().parse_intermixed_args(arguments)

    from experiments.lightning_messages import quieten_lightning
    from experiments.run_folder import open_run
    from lightning_modules.focus.loading import load_focus_module, newest_checkpoint
    from lightning_modules.focus.misfit_prior import misfit_prior_file
    from lightning_modules.focus.misfit_training import MisfitSettings, build_misfit_prior
    from lightning_modules.focus.packing import DEFAULT
    from lightning_modules.packing import write_checkpoint
    from tools.misfit_prior.picture import misfit_picture

    settings = MisfitSettings(
        options.faces, options.steps, options.batch_size, options.seed, options.from_scratch, spread(options.spread)
    )
    settings.check()
    run = open_run(options.run)
    checkpoint = newest_checkpoint(run.weights)
    file = misfit_prior_file(checkpoint if options.run != DEFAULT else run.report / checkpoint.name)
    if options.out:
        file = Path(options.out)
    if file.suffix != ".pt":
        raise SeethroughError(f"--out {file} must end in .pt: training state and picture get the same name")
    quieten_lightning()
    module = load_focus_module(checkpoint, perceptual=True, misfit_prior=False)
    prior = build_misfit_prior(
        module, checkpoint, settings, file.with_suffix(""), accelerator=options.accelerator, progress=True
    )
    write_checkpoint(prior.as_dict(), file)
    picture = file.with_suffix(".png")
    misfit_picture(module.focus.face_renderer.model, prior.error).save(picture)

    size = prior.error.norm(dim=-1)
    print(f"{file}: {size.mean():.3f} mm a vertex on average, {size.max():.3f} mm at most, over {prior.faces} faces")
    print(f"{picture}: the same along x, y and z")
    if options.run == DEFAULT:
        print(f"to keep it: python -m tools.checkpoint pack default --misfit-prior {file} --out FILE")
    if options.json:
        numbers = {
            "file": file,
            "checkpoint": prior.checkpoint,
            "faces": prior.faces,
            "steps": prior.steps,
            "seed": prior.seed,
            "mean_mm": float(size.mean()),
            "largest_mm": float(size.max()),
            "identity_error": prior.identity_error,
        }
        write_json(options.json, numbers)
    return 0


def spread(overrides: Sequence[str]) -> FaceSpread:
    """Read ``key=value`` settings of the faces; raises ``SeethroughError`` for an unknown key or a bad value."""
    from omegaconf import OmegaConf

    from experiments.config.merging import apply, defaults
    from experiments.config.sources import read_override
    from lightning_modules.focus.misfit_faces import FaceSpread

    root = defaults(FaceSpread)
    apply(root, [setting for override in overrides for setting in read_override(override)], {})
    result = OmegaConf.to_object(root)
    assert isinstance(result, FaceSpread)
    return result


def _parser() -> argparse.ArgumentParser:
    from lightning_modules.focus.misfit_faces import FaceSpread

    parser = argparse.ArgumentParser(PROGRAM, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", metavar="RUN", help="run folder, checkpoint file, or default")
    names = ", ".join(field.name for field in fields(FaceSpread))
    parser.add_argument("spread", nargs="*", metavar="key=value", help=f"how widely faces are spread: {names}")
    parser.add_argument("--faces", type=int, default=2000, help="faces that the error is averaged over (%(default)s)")
    parser.add_argument(
        "--steps", type=int, default=1000, help="training steps of R_syn; 0: the run's encoder as it is (%(default)s)"
    )
    parser.add_argument("--batch-size", type=int, default=32, help="faces a step (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the faces (%(default)s)")
    parser.add_argument("--from-scratch", action="store_true", help="begin R_syn untrained, not with the run's encoder")
    parser.add_argument("--accelerator", default="auto", choices=("auto", "cpu", "gpu", "mps"), help="what to train on")
    parser.add_argument("--out", metavar="FILE.pt", help="where to; default: misfit_prior.pt in the run folder")
    parser.add_argument("--json", metavar="PATH", help="also write the numbers as JSON")
    return parser
