"""Meshes with a texture: OBJ with its material and picture beside it, GLB with the picture inside."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from seethrough.errors import SeethroughError
from seethrough.meshes.glb import encode_glb
from seethrough.meshes.mesh import Mesh
from seethrough.meshes.obj import encode_obj
from seethrough.picture_files import SMOOTH_PNG

_MATERIAL = "newmtl face\nKa 0 0 0\nKd 1 1 1\nKs 0 0 0\nillum 1\nmap_Kd {texture}\n"


def png_of(texture: np.ndarray) -> bytes:
    """Encode an (S, S, 3) RGB picture in [0, 1] as PNG."""
    stored = io.BytesIO()
    Image.fromarray(np.rint(np.clip(texture, 0, 1) * 255).astype(np.uint8)).save(stored, "PNG", **SMOOTH_PNG)
    return stored.getvalue()


def write_textured(path: str | Path, mesh: Mesh, texture: bytes, texture_name: str = "texture.png") -> list[Path]:
    """Write a mesh that a picture is laid over by its ``uv``.

    Args:
        path: ``.obj``, which gets a ``.mtl`` and the picture beside it, or ``.glb``.
        mesh: with ``uv``; its colours are left out, viewers would multiply them with the picture.
        texture: a PNG file, row 0 at v = 1.
        texture_name: of the picture beside an OBJ; several meshes may share it.

    Returns:
        The files that belong to it, the mesh first.

    Raises:
        SeethroughError: another suffix, or a path that cannot be written.
    """
    path = Path(path)
    if mesh.uv is None:
        raise ValueError("a texture needs texture coordinates")
    plain = replace(mesh, colours=None)
    if path.suffix.lower() == ".obj":
        material = path.with_suffix(".mtl")
        files = {
            path: encode_obj(plain, material=(material.name, "face")),
            material: _MATERIAL.format(texture=texture_name).encode("utf-8"),
            path.with_name(texture_name): texture,
        }
    elif path.suffix.lower() == ".glb":
        files = {path: encode_glb(plain, texture)}
    else:
        raise SeethroughError(f"{path}: a texture goes with .obj or .glb")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for file, content in files.items():
            file.write_bytes(content)
    except OSError as error:
        raise SeethroughError(
            f"{path}: the mesh cannot be written ({error.strerror}); check folder and space"
        ) from None
    return list(files)
