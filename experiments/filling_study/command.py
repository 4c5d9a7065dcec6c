"""Measure hole filling on rendered people whom the references do not show.

python -m tools.reference_index data/detail data.scene.image_size=224 data.size=360 --out data/references
python -m experiments.filling_study data/references --faces 30 --json table.json --picture filled.png
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from tqdm import tqdm

from experiments.command_line import write_json
from experiments.filling_study.holes import HOLES
from experiments.filling_study.measuring import errors, filled_ways
from seethrough.details.bump_pictures import relief
from seethrough.details.filling import ReferenceSearch, ReferenceSet
from seethrough.errors import SeethroughError
from seethrough.metrics.paired import paired_comparison
from tools.reference_index.face_source import SourceFace
from tools.reference_index.features import FeatureReader

SHOWN = ("zero", "harmonic", "random reference", "default, one reference", "default")
AGAINST = ("zero", "harmonic", "random reference", "default, one reference")


def main(arguments: list[str]) -> None:
    """Fill, print the table, and write it as JSON and pictures if asked to."""
    parser = argparse.ArgumentParser("python -m experiments.filling_study", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument("references", metavar="DIR", help="a set of python -m tools.reference_index data/detail")
    parser.add_argument("settings", nargs="*", metavar="KEY=VALUE", help="of data/detail, as the set was made with")
    parser.add_argument("--faces", type=int, default=30, help="people of the test set (default 30)")
    parser.add_argument("--pools", default="data/pools", metavar="DIR", help="folder of rendered pools")
    parser.add_argument("--seed", type=int, default=0, help="of the holes and the random references (default 0)")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write the table and the rows of all faces")
    parser.add_argument("--picture", type=Path, metavar="PATH", help="draw some faces as relief")
    options = parser.parse_intermixed_args(arguments)
    if options.faces < 2:
        raise SeethroughError(f"--faces {options.faces}: an interval needs at least 2")
    torch.set_num_threads(1)
    rows, picture = _measure(options)
    table = _summary(rows)
    Console(width=130, highlight=False).print(_as_table(table))
    if options.json is not None:
        write_json(options.json, {"faces": options.faces, "seed": options.seed, "table": table, "rows": rows})
    if options.picture is not None:
        from PIL import Image

        Image.fromarray(np.concatenate(picture)).save(options.picture)


def _measure(options: argparse.Namespace) -> tuple[list[dict[str, object]], list[np.ndarray]]:
    from experiments.building import build_data
    from experiments.config.composition import compose
    from tools.reference_index.rendered_faces import WHAT_BUMPS_ARE, RenderedFaces

    references = ReferenceSet(options.references)
    size, features = references.size, FeatureReader(references.description.feature_network)
    changes = [f"data.scene.image_size={size}", f"data.test_size={options.faces}", f"data.folder={options.pools}"]
    changes += options.settings
    source = RenderedFaces(build_data(compose(["bump", "data/detail"], changes)), "test")  # pyright: ignore
    references.description.require(source.model, references.folder)
    for name in WHAT_BUMPS_ARE:
        theirs, ours = references.settings.get(name), source.settings[name]
        if theirs != ours:
            raise SeethroughError(
                f"{references.folder}: made with data.scene.{name}={theirs}, the faces have {ours}; give both the same"
            )
    searches = {preset: ReferenceSearch(references, preset) for preset in ("default", "paper")}
    k, rows, picture = min(100, len(references)), [], []
    for place in tqdm(range(options.faces), unit="face", disable=None):
        (face,) = source.faces([place])
        assert isinstance(face, SourceFace)
        for number, kind in enumerate(HOLES):
            rng = np.random.default_rng((options.seed, place, number))
            gap, filled = filled_ways(face, kind, rng, searches, features, k)
            for name, bump in filled.items():
                rows.append({"face": face.id, "hole": kind, "fill": name, **errors(bump, face.bump, gap)})
            if place % len(HOLES) == number and len(picture) < 6:
                picture.append(_strip(face, gap, filled))
    return rows, picture


def _summary(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    table: list[dict[str, object]] = []
    for kind in HOLES:
        fills = list(dict.fromkeys(row["fill"] for row in rows))
        values = {name: {key: np.array([row[key] for row in rows if (row["hole"], row["fill"]) == (kind, name)])
                         for key in ("l1_mm", "rmse_mm", "step_mm")} for name in fills}  # fmt: skip
        for name in fills:
            row: dict[str, object] = {"hole": kind, "fill": name}
            row |= {key: float(np.nanmean(each)) for key, each in values[name].items()}
            if name in AGAINST:
                pair = paired_comparison(values["default"]["l1_mm"], values[name]["l1_mm"]).difference
                row |= {"default_less_this_l1_mm": pair.mean, "low_mm": pair.low, "high_mm": pair.high}
            table.append(row)
    return table


def _as_table(table: list[dict[str, object]]) -> Table:
    shown = Table("hole", "fill", "mean error mm", "RMSE mm", "step error mm", "default less this, mm (95 %)")
    for row in table:
        numbers = [f"{row[key]:.3f}" for key in ("l1_mm", "rmse_mm", "step_mm")]
        difference = ""
        if "low_mm" in row:
            difference = f"{row['default_less_this_l1_mm']:+.3f} ({row['low_mm']:+.3f} to {row['high_mm']:+.3f})"
        shown.add_row(str(row["hole"]), str(row["fill"]), *numbers, difference)
    return shown


def _strip(face: SourceFace, gap: np.ndarray, filled: dict[str, np.ndarray]) -> np.ndarray:
    """Return picture, truth and fills side by side."""
    image, mask = face.image.copy(), torch.from_numpy(face.mask)[None, None].float()
    image[gap] //= 4
    tiles = [image]
    for bump in (face.bump, *(filled[name] for name in SHOWN)):
        lit = relief(torch.from_numpy(bump)[None, None].float(), mask, torch.tensor([278 / len(gap)]))[0]
        tiles.append((lit * 255).byte().permute(1, 2, 0).numpy())
    return np.concatenate(tiles, 1)
