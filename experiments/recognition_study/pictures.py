"""Some faces of the study as relief: what recognition gets to see of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from experiments.recognition_study.ways import FILLED, OWN, RANDOM, WHOLE, ZERO, covered
from experiments.studies.reporting.small_pictures import save_small
from lightning_modules.bump.training_view import CROP_MM
from seethrough.details.bump_pictures import relief
from tools.reference_index.face_source import SourceFace

SHOWN = (WHOLE, ZERO, "harmonic", RANDOM, "filled (one reference)", FILLED, OWN)
_CUT = 0.66
"""Share of the crop's side that is shown."""


def strip(face: SourceFace, gap: np.ndarray, maps: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the picture with its squares, then the relief of the ways of :data:`SHOWN`, (S, W, 3) uint8."""
    mask = torch.from_numpy(face.mask)[None, None].float()
    tiles = [covered(face, gap).image]
    for name in SHOWN:
        if name in maps:
            bump = torch.from_numpy(np.asarray(maps[name], np.float32))[None, None]
            lit = relief(bump, mask, torch.tensor([CROP_MM / len(gap)]))[0]
            tiles.append((lit * 255).byte().permute(1, 2, 0).numpy())
    first = round((1 - _CUT) / 2 * len(gap))
    return np.concatenate([tile[first : len(gap) - first, first : len(gap) - first] for tile in tiles], 1)


def write_strips(path: Path, strips: Sequence[np.ndarray]) -> Path:
    """Write strips below each other as a small picture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return save_small(Image.fromarray(np.concatenate(strips)), path)
