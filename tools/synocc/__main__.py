"""SynOcc, the occlusion benchmark, as ordinary files.

python -m tools.synocc write --out data/synocc
python -m tools.synocc write --out data/synocc --split test --count 200 --size 224 --level 1 --geometry
python -m tools.synocc check data/synocc
python -m tools.synocc sheet --out sheet.png
python -m tools.synocc sheet --out families.png --families --split out_of_distribution
python -m tools.synocc sheet --out detail.png --detail --size 256
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.command_line import run
from seethrough.errors import SeethroughError

if TYPE_CHECKING:
    import numpy as np

    from datamodules.synthetic.generator import SceneRenderer
    from datamodules.synthetic.pool_spec import PoolSpec
    from datamodules.synthetic.scene import Scene

PROGRAM = "python -m tools.synocc"
# Pictures of each split unless --count says otherwise; of twins, both count.
COUNTS = {"train": 20000, "validation": 500, "test": 1000, "out_of_distribution": 250, "verification": 1200}
COLUMNS = 8


def write(options: argparse.Namespace) -> int:
    """Write one split, or all of them."""
    from datamodules.synthetic.benchmark.writing import write_split
    from datamodules.synthetic.datamodule import load_generating_model

    for split in [options.split] if options.split else list(COUNTS):
        spec = _spec(options, split)
        model = partial(load_generating_model, spec.scene)
        folder = write_split(spec, model, Path(options.out), geometry=options.geometry, processes=options.processes)
        print(f"{spec.rows} pictures: {folder}")
    return 0


def check(options: argparse.Namespace) -> int:
    """Compare every file with its checksum and say what is wrong."""
    from datamodules.synthetic.benchmark.checking import problems

    found = 0
    for problem in problems(Path(options.folder)):
        print(problem)
        found += 1
    print(f"{options.folder}: {f'{found} problems' if found else 'everything is as it was written'}")
    return 1 if found else 0


def sheet(options: argparse.Namespace) -> int:
    """Draw 64 samples with their masks, ``--families`` of each occluder eight, ``--detail`` eight with their relief."""
    from PIL import Image

    from datamodules.synthetic.sheet import contact_sheet

    if options.families and options.detail:
        raise SeethroughError("--families and --detail: faces with relief are drawn without occluders; leave one out")
    draw = _each_family if options.families else _detailed if options.detail else _samples
    pictures = draw(options)
    try:
        Path(options.out).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(contact_sheet(pictures, COLUMNS)).save(options.out)
    except (OSError, ValueError) as error:
        raise SeethroughError(f"cannot write {options.out}: {error}") from error
    print(f"{len(pictures)} samples: {options.out}")
    return 0


def _samples(options: argparse.Namespace) -> list[np.ndarray]:
    """Return six rows as in training and two out of distribution, or all eight of one split."""
    shares = {options.split: 8} if options.split else {"validation": 6, "out_of_distribution": 2}
    pictures = []
    for split, rows in shares.items():
        spec, renderer = _renderer(options, split)
        step = 2 if spec.twins and not options.split else 1  # of twins the occluded ones, but where they are asked for
        wanted = [step * row + step - 1 for row in range(rows * COLUMNS)]
        pictures += _tiles(renderer, [spec.scene_of(renderer.scenes, row) for row in wanted])
    return pictures


def _each_family(options: argparse.Namespace) -> list[np.ndarray]:
    """Return a row of pictures for each occluder family of a split, training's unless another is asked for."""
    spec, renderer = _renderer(options, options.split or "train")
    names = [name for name in spec.scene.occluders for _ in range(COLUMNS)]
    return _tiles(renderer, [renderer.scenes.scene(0, row, family=name) for row, name in enumerate(names)])


def _detailed(options: argparse.Namespace) -> list[np.ndarray]:
    """Return a row of faces with relief, of the validation set unless another is asked for."""
    from datamodules.detail.config import DetailConfig, DetailSceneConfig
    from datamodules.detail.datamodule import SPLITS, split_spec
    from datamodules.detail.generator import DetailFace
    from datamodules.detail.sheet import tiles
    from datamodules.synthetic.datamodule import load_generating_model

    split = options.split or "validation"
    if split not in SPLITS:
        raise SeethroughError(f"--split {split}: faces with relief have the splits {', '.join(SPLITS)}")
    scene = DetailSceneConfig(model=options.model, level=options.level, image_size=options.size, pose=options.pose)
    config = DetailConfig(scene=scene, seed=options.seed)
    config.check()
    spec = split_spec(config, split)
    renderer = spec.renderer(load_generating_model(scene))
    count = options.count or COLUMNS
    faces = renderer.render_all([spec.scene_of(renderer.scenes, row) for row in range(count)])
    return [tiles(face) for face in faces if isinstance(face, DetailFace)]


def _renderer(options: argparse.Namespace, split: str) -> tuple[PoolSpec, SceneRenderer]:
    from datamodules.synthetic.datamodule import load_generating_model
    from datamodules.synthetic.generator import SceneRenderer

    spec = _spec(options, split)
    return spec, SceneRenderer(load_generating_model(spec.scene), spec.scene, spec.seed)


def _tiles(renderer: SceneRenderer, scenes: list[Scene]) -> list[np.ndarray]:
    from datamodules.synthetic.sheet import tiles

    return [tiles(face) for face in renderer.render_all(scenes)]


def _spec(options: argparse.Namespace, split: str) -> PoolSpec:
    from datamodules.synthetic.config import SceneConfig, SyntheticConfig
    from datamodules.synthetic.datamodule import split_spec

    scene = SceneConfig(model=options.model, level=options.level, image_size=options.size, pose=options.pose)
    several = (options.images_per_identity, options.images_per_identity_up_to)
    scene = replace(scene, images_per_identity=several[0], images_per_identity_up_to=several[1])
    config = SyntheticConfig(scene=scene, seed=options.seed)
    config.check()
    spec = split_spec(config, split)
    count = COUNTS[split] if options.count is None else options.count
    if count < 1 or (spec.twins and count % 2):
        raise SeethroughError(f"--count {count}: {split} needs {'an even number' if spec.twins else 'at least 1'}")
    return replace(spec, rows=count)


def main(arguments: list[str]) -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(PROGRAM, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    scene = argparse.ArgumentParser(add_help=False)
    scene.add_argument("--split", choices=list(COUNTS), default=None, help="only this one")
    scene.add_argument("--size", type=int, default=224, help="height and width of a picture, px")
    scene.add_argument("--model", default="open", help="face model")
    scene.add_argument("--level", type=int, default=1, help="subdivision level of the open model")
    scene.add_argument("--pose", choices=("aligned", "wide"), default="aligned", help="spread of head poses")
    scene.add_argument("--seed", type=int, default=1, help="of training and validation; tests have their own")
    scene.add_argument("--count", type=int, default=None, help="number of pictures")
    scene.add_argument("--images-per-identity", type=int, default=1, help="pictures of each person in training")
    scene.add_argument("--images-per-identity-up-to", type=int, default=0, help="the number varies up to this one")
    writer = commands.add_parser("write", parents=[scene], help="write it as files")
    writer.add_argument("--out", required=True, help="folder of the benchmark")
    writer.add_argument("--geometry", action="store_true", help="also depth, normals, bumps and vertices")
    writer.add_argument("--processes", type=int, default=0, help="how many render; 0 is one for each core")
    writer.set_defaults(action=write)
    checker = commands.add_parser("check", help="compare all files with their checksums; also of pools")
    checker.add_argument("folder", help="a benchmark, a pool, or a folder of pools")
    checker.set_defaults(action=check)
    drawer = commands.add_parser("sheet", parents=[scene], help="draw a contact sheet")
    drawer.add_argument("--out", default="synocc.png", help="picture to write")
    drawer.add_argument("--families", action="store_true", help="eight of each occluder family")
    drawer.add_argument("--detail", action="store_true", help="faces whose relief is known, with relief and bump")
    drawer.set_defaults(action=sheet)
    options = parser.parse_args(arguments)
    return options.action(options)


if __name__ == "__main__":
    run(main)
