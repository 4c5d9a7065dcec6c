"""Our own file format for any face model: one ``.npz`` of plain arrays, read without unpickling."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from seethrough.errors import SeethroughError
from seethrough.morphable.face_model import FaceModel

FORMAT = "seethrough-face-model"
VERSION = 1

_ARRAYS = (
    "mean",
    "identity_basis",
    "expression_basis",
    "albedo_mean",
    "albedo_basis",
    "triangles",
    "landmarks",
    "now_landmarks",
    "mirror",
    "uv",
)
_INTEGERS = ("triangles", "landmarks", "now_landmarks", "mirror")
_GROUPS = {"regions": "region", "expression_units": "expression_unit"}


def write_face_model(model: FaceModel, path: str | Path) -> Path:
    """Write a face model to one compressed ``.npz``; what :func:`read_face_model` returns equals it bit for bit.

    Units and frame are those of :class:`FaceModel` (mm, RGB in [0, 1], indices from 0).
    """
    path = Path(path)
    content: dict[str, np.ndarray] = {key: getattr(model, key).cpu().numpy() for key in _ARRAYS}
    content |= {"format": np.array(FORMAT), "version": np.array(VERSION)}
    content |= {"name": np.array(model.name), "provenance": np.array(model.provenance)}
    for attribute, key in _GROUPS.items():
        group = getattr(model, attribute)
        if group:
            content[f"{key}_names"] = np.array(list(group))
            content[f"{key}_values"] = torch.stack(list(group.values())).cpu().numpy()
    path.parent.mkdir(parents=True, exist_ok=True)
    # Through a file object: given a name, numpy would append ".npz" to one that ends otherwise.
    with path.open("wb") as file:
        np.savez_compressed(file, **content)  # pyright: ignore[reportArgumentType]
    return path


def read_face_model(path: str | Path) -> FaceModel:
    """Read what :func:`write_face_model` wrote.

    Raises:
        SeethroughError: the file is missing, damaged, not one of ours, newer than this code, or inconsistent.
    """
    path = Path(path)
    content = _read_arrays(path)
    version = content.get("version", np.array(""))
    if str(content.get("format", "")) != FORMAT or version.shape != () or version.dtype.kind not in "iu":
        raise SeethroughError(
            f"{path}: not a face model of this project (an .npz written by python -m tools.face_model convert)"
        )
    if int(version) > VERSION:
        raise SeethroughError(f"{path}: format version {int(version)} is newer than {VERSION}; update seethrough")
    missing = [key for key in _ARRAYS if key not in content]
    if missing:
        raise SeethroughError(f"{path}: {', '.join(missing)} missing from the face model; convert it again")
    for key in _ARRAYS:
        kind = "iu" if key in _INTEGERS else "f"
        if content[key].dtype.kind not in kind:
            raise SeethroughError(f"{path}: {key} holds {content[key].dtype}, which is no array of a face model")
        if content[key].ndim == 0:
            raise SeethroughError(f"{path}: {key} is a single number, which is no array of a face model")
    try:
        return FaceModel(
            name=str(content.get("name", path.stem)),
            provenance=str(content.get("provenance", "")),
            **{key: torch.from_numpy(content[key]) for key in _ARRAYS},
            regions=_named_rows(content, "region", len(content["mean"])),
            expression_units=_named_rows(content, "expression_unit", len(content["expression_basis"])),
        )
    except (ValueError, IndexError) as error:
        raise SeethroughError(f"{path}: inconsistent face model ({error}); convert it again") from error


def _named_rows(content: dict[str, np.ndarray], key: str, width: int) -> dict[str, torch.Tensor]:
    names, values = content.get(f"{key}_names"), content.get(f"{key}_values")
    if names is None or values is None:
        return {}
    if values.shape != (names.size, width) or values.dtype.kind != "f":
        raise ValueError(f"{key}_values has shape {values.shape}, expected ({names.size}, {width})")
    return {str(name): torch.from_numpy(row) for name, row in zip(names.ravel(), values, strict=True)}


def _read_arrays(path: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {key: archive[key] for key in archive.files}
    except FileNotFoundError:
        raise SeethroughError(f"{path}: no such face model file") from None
    # A damaged archive fails in many ways: zlib.error, BadZipFile, NotImplementedError (zip version), EOFError, and
    # ValueError for a pickle; a lone .npy gives an array, which is no context manager.
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise SeethroughError(
            f"{path}: not a readable .npz face model, damaged or of another kind ({reason})"
        ) from error
