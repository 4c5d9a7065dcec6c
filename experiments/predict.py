"""Write what a trained run says of every picture of a data set: coefficients and masks, or bumps, or descriptors.

python -m experiments.predict runs/NAME data/vgg_casia data.shards=data/prepared/vgg_casia/shards --out predictions/
python -m experiments.predict default data/photos --out predictions/ --devices 8
python -m experiments.predict default data/synthetic --split validation --out predictions/
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.command_line import EXIT_FAILED, run
from experiments.config.arguments import split_words
from experiments.config.composition import Composition
from experiments.evaluation.method_evaluation import evaluation_class
from experiments.option_values import count
from seethrough.counting import counted
from seethrough.errors import SeethroughError

if TYPE_CHECKING:
    from experiments.run_folder import RunFolder

PROGRAM = "python -m experiments.predict"
DESCRIPTION = """\
Write what the networks of a run say of every picture of a data set, a file each: faces/ab/ID.npz, named by the id of
the picture, ab the first two hexadecimal digits of its SHA-256. The same command again does what is missing: after a
kill, or when pictures have been added.

  %(prog)s runs/NAME data/vgg_casia data.shards=data/prepared/vgg_casia/shards --out predictions/
  %(prog)s default data/photos --out predictions/ --devices 8
  srun %(prog)s default data/photos --out predictions/ --devices 8 --nodes 4
"""
EPILOGUE = """\
A file holds arrays (numpy.load). FOCUS: identity, expression, albedo (standard deviations), illumination, rotation
(rad), translation (mm), landmarks (68 x 2) and mask (0 to 255, the visible face), in pixels of the picture that the
network sees. Bump: bump (mm, out of the face positive) and mask. Recognition: descriptor. Of photos also crop: scale,
centre x and centre y of that picture in its photo, picture = scale * (photo - centre) + size / 2.
exit code: 0; 1 if pictures were left out (data.skip_bad=true); 2 for a mistake in the command or in the data.
"""


def main(arguments: list[str]) -> int:
    """Parse and predict; returns 1 if something was left out."""
    options = _parser().parse_intermixed_args(arguments)

    from experiments.evaluation.measuring import refuse_other_networks
    from experiments.run_folder import open_run

    folder = open_run(options.run)
    names, overrides = split_words(options.data)
    composition = folder.composition(names, overrides)
    refuse_other_networks(folder, composition)
    # Configs name the faces that evaluations score; what no word of the command restricts are all of them.
    told = any(override.startswith("data.test_split=") for override in overrides)
    return predict(folder, composition, options, _split(composition, options.split or ("" if told else "all")))


def predict(folder: RunFolder, composition: Composition, options: argparse.Namespace, split: str) -> int:
    """Predict what is missing of a split on all processes; returns the exit code, in the first of them."""
    from experiments.building import build_data
    from experiments.prediction.files import PredictionFiles
    from experiments.prediction.predicting import Predictions, prediction_trainer, sample_ids
    from experiments.processes import is_first_process, lost_contact, started_by_a_launcher

    config = composition.config
    evaluation = evaluation_class(config.method)()
    networks, files = evaluation.networks(folder), PredictionFiles(options.out)
    data: Any = build_data(composition)
    begun = 0
    if is_first_process():
        dataset = data.dataset(split)
        files.open(_made_with(folder, composition, data, split), options.overwrite)
        begun = len(files.missing(sample_ids(dataset)))
        print(f"{counted(len(dataset), 'picture')} of {config.dataset}, {begun:,} without a prediction", flush=True)
        if not begun and options.nodes == 1 and not started_by_a_launcher():
            return 0
    trainer = prediction_trainer(config.trainer.accelerator, options.devices, options.nodes)
    batch_size, workers = getattr(config.data, "batch_size", 1), getattr(config.data, "workers", 0)
    module = Predictions(networks, evaluation, (data, split), files, batch_size, workers)
    try:
        trainer.predict(module, return_predictions=False)
        trainer.strategy.barrier("predicted")
    except SystemExit:
        raise KeyboardInterrupt from None  # Lightning's way to leave after Ctrl-C
    except RuntimeError as error:
        if not lost_contact(error, trainer.world_size):
            raise
        raise SeethroughError(
            f"process {trainer.global_rank} ends: another one has, whose message says why; the same command does what "
            "is missing"
        ) from None
    if not trainer.is_global_zero:
        return 0
    left = len(files.missing(sample_ids(data.dataset(split))))
    print(f"{begun - left:,} predicted in {options.out}" + (f"; {left:,} left out, as said above" if left else ""))
    return EXIT_FAILED if left else 0


def _split(composition: Composition, asked: str) -> str:
    """Return which data set is read; of photos the test set, which a setting makes of the faces that are asked for."""
    data: Any = composition.config.data
    if not hasattr(data, "test_split"):
        return "test" if asked in ("", "all") else asked
    data.test_split = asked or data.test_split
    return "test"


def _made_with(folder: RunFolder, composition: Composition, data: Any, split: str) -> dict[str, str]:
    """Return what predictions of one folder have in common; faces may come on, but not from somewhere else."""
    import hashlib

    from experiments.building import set_name
    from lightning_modules.checkpoint_reading import checkpoint_file

    weights = folder.newest_checkpoint() or checkpoint_file(folder.weights)
    pictures = set_name(data, split)
    if hasattr(data, "opened"):
        facts = data.opened()[0]
        stored = f"{facts.side} px, {facts.field:g} times FOCUS' crop, {facts.detector}"
        pictures = f"{facts.data_set} from {facts.root} ({stored}), {composition.config.data.image_size} px"
    checksum = hashlib.sha256(Path(weights).read_bytes()).hexdigest()
    return {"method": composition.config.method, "checkpoint": checksum, "pictures": pictures}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        PROGRAM, description=DESCRIPTION, epilog=EPILOGUE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", help="run folder, as written by experiments.train, a checkpoint file, or `default`")
    parser.add_argument("data", nargs="*", help="data configs and key=value overrides; default: the run's own data")
    parser.add_argument("--out", required=True, metavar="DIR", help="folder of the predictions")
    parser.add_argument(
        "--split",
        choices=("train", "validation", "test"),
        help="which pictures; default: all photos, the test set of others",
    )
    parser.add_argument("--devices", type=count, default=1, metavar="N", help="processes a machine, each with a GPU")
    parser.add_argument("--nodes", type=count, default=1, metavar="M", help="machines; start the command on each")
    parser.add_argument("--overwrite", action="store_true", help="first remove the predictions in DIR")
    return parser


if __name__ == "__main__":
    run(main)
