"""The whole way once, small: train FOCUS on synthetic faces, evaluate it, reconstruct a real photo.

python -m experiments.demo
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from experiments.command_line import run
from experiments.config.composition import compose

CONFIGS = ["focus", "preset/small", "data/synthetic"]
OVERRIDES = ["name=demo", "resume=auto"]


def main(arguments: list[str]) -> int:
    """Run the demo; ``arguments`` are further ``key=value`` overrides. Returns the exit code."""
    composition = compose(CONFIGS, [*OVERRIDES, *arguments])
    seconds: dict[str, float] = {}

    _say("1. A pool of synthetic faces, rendered once and kept")
    from experiments.building import build_data

    with _timed(seconds, "picture pool"):
        build_data(composition).prepare_data()

    _say("2. FOCUS: initialisation, segmentation pre-training, EM")
    from experiments.train import train
    from lightning_modules.focus.schedule import FocusSchedule

    out = Path(composition.config.out) / str(composition.config.name)
    total = FocusSchedule(**vars(composition.config.model.schedule)).total_steps
    with _timed(seconds, "training"):
        if (out / "checkpoints" / f"step_{total:08d}.ckpt").exists():
            print(f"{out} is trained already; remove it to train again")
        else:
            train(composition)

    _say("3. How good is it? People it has never seen, with and without an occluder")
    from experiments.evaluate import evaluate
    from experiments.run_folder import open_run

    folder = open_run(out)
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
