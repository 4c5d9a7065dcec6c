"""Look at synthetic faces on a contact sheet.

python -m tools.synthetic_faces preview --out sheet.png
python -m tools.synthetic_faces preview --out sheet.png --kind families --size 160 --model open --level 1
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from PIL import Image

from experiments.command_line import run
from seethrough.errors import SeethroughError

PROGRAM = "python -m tools.synthetic_faces"


def preview(options: argparse.Namespace) -> int:
    """Draw a contact sheet: scenes with their masks, or every occluder family in a row, or twins."""
    from datamodules.synthetic.config import SceneConfig
    from datamodules.synthetic.datamodule import load_generating_model
    from datamodules.synthetic.families import OCCLUDER_FAMILIES
    from datamodules.synthetic.generator import SceneRenderer
    from datamodules.synthetic.sheet import contact_sheet, tiles

    scene = SceneConfig(model=options.model, level=options.level, image_size=options.size, pose=options.pose)
    columns = 8
    if options.kind == "twins":
        scene = replace(scene, occluded_fraction=1.0)
    renderer = SceneRenderer(load_generating_model(scene), scene, (options.seed, 0))
    if options.kind == "families":
        wanted = [
            renderer.scenes.scene(0, columns * number + each, family=name)
            for number, name in enumerate(OCCLUDER_FAMILIES)
            for each in range(columns)
        ]
    else:
        wanted = [renderer.scenes.scene(0, index) for index in range(options.count)]
    if options.kind == "twins":
        wanted = [twin for occluded in wanted for twin in (occluded.without_occluder(), occluded)]
    sheet = contact_sheet([tiles(renderer.render(one)) for one in wanted], columns)
    try:
        Path(options.out).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(sheet).save(options.out)
    except (OSError, ValueError) as error:
        raise SeethroughError(f"cannot write {options.out}: {error}") from error
    print(f"{len(wanted)} faces: {options.out}")
    return 0


def main(arguments: list[str]) -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(PROGRAM, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    sheet = commands.add_parser("preview", help="draw a contact sheet")
    sheet.add_argument("--out", default="synthetic_faces.png", help="picture to write")
    sheet.add_argument("--kind", choices=("scenes", "families", "twins"), default="scenes", help="what to show")
    sheet.add_argument("--count", type=int, default=64, help="number of scenes")
    sheet.add_argument("--size", type=int, default=80, help="height and width of a picture, px")
    sheet.add_argument("--model", default="open", help="face model")
    sheet.add_argument("--level", type=int, default=0, help="subdivision level of the open model")
    sheet.add_argument("--pose", choices=("aligned", "wide"), default="aligned", help="spread of head poses")
    sheet.add_argument("--seed", type=int, default=1, help="of the scenes")
    options = parser.parse_args(arguments)
    if options.count < 1:
        raise SeethroughError(f"--count {options.count} must be at least 1")
    return preview(options)


if __name__ == "__main__":
    run(main)
