"""The whole way once, small: train FOCUS on synthetic faces, evaluate it, reconstruct a real photo.

python -m experiments.demo
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.command_line import run
from experiments.config.composition import Composition, compose
from seethrough.errors import SeethroughError

if TYPE_CHECKING:
    from experiments.run_folder import RunFolder

CONFIGS = ["focus", "preset/small", "data/synthetic"]
NAME = "name=demo"


def main(arguments: list[str]) -> int:
    """Run the demo; ``arguments`` are further ``key=value`` overrides. Returns the exit code."""
    composition = _composed(arguments)
    trained = _trained_already(composition)
    seconds: dict[str, float] = {}

    _say("1. A pool of synthetic faces, rendered once and kept")
    from experiments.building import build_data

    with _timed(seconds, "picture pool"):
        build_data(composition).prepare_data()

    _say("2. FOCUS: initialisation, segmentation pre-training, EM")
    from experiments.train import train

    with _timed(seconds, "training"):
        folder = trained or train(composition)
        if trained:
            print(f"{folder.path} is trained already; overwrite=true trains it again")

    _say("3. How good is it? People it has never seen, with and without an occluder")
    from experiments.evaluate import evaluate

    with _timed(seconds, "evaluation"):
        evaluate(folder, composition)

    _say("4. A real photo: the astronaut Eileen Collins (NASA, public domain)")
    photo, result = folder.path / "astronaut.png", folder.path / "astronaut"
    with _timed(seconds, "photo to mesh"):
        code = _reconstruct_astronaut(folder.path, photo, result)

    _say("Done")
    print("   ".join(f"{name} {value:.0f} s" for name, value in seconds.items()))
    places = {
        "metrics": folder.metrics,
        "evaluation": folder.report / "evaluation.json",
        "test pictures": folder.report / "evaluation.png",
        "checkpoint": folder.newest_checkpoint(),
        "photo, meshes, parameters": result,
    }
    for name, place in places.items():
        print(f"  {name:26s} {place}")
    return code


def _composed(arguments: list[str]) -> Composition:
    """Compose the demo, which goes on with what there is unless it is told to begin anew."""
    composition = compose(CONFIGS, [NAME, *arguments])
    return composition if composition.config.overwrite else compose(CONFIGS, [NAME, "resume=auto", *arguments])


def _trained_already(composition: Composition) -> RunFolder | None:
    """Return the demo's run if all of its training is done.

    Raises:
        SeethroughError: there is a run of this name, begun or done, that was made with other settings.
    """
    from experiments.resuming import changes_since
    from experiments.run_start import plan_run

    folder = plan_run(composition)
    checkpoint = folder.newest_checkpoint()
    if composition.config.overwrite or checkpoint is None:
        return None
    changes = changes_since(checkpoint, composition)
    if changes and not composition.config.allow_changes:
        raise SeethroughError(
            f"{folder.path} was made with other settings: {', '.join(changes)}; "
            "give overwrite=true to train it anew, or name=NAME to train another"
        )
    end = composition.config.model.training_schedule().end_step
    return folder if checkpoint.name == f"step_{end:08d}.ckpt" else None


def _reconstruct_astronaut(checkpoint: Path, photo: Path, out: Path) -> int:
    import skimage.data
    from PIL import Image

    from experiments.reconstruct import main as reconstruct

    Image.fromarray(skimage.data.astronaut()).save(photo)
    return reconstruct([str(photo), "--checkpoint", str(checkpoint), "--out", str(out)])


@contextmanager
def _timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    start = time.monotonic()
    yield
    seconds[name] = time.monotonic() - start


def _say(title: str) -> None:
    print(f"\n=== {title} ===", flush=True)


if __name__ == "__main__":
    run(main)
