"""Binary glTF 2.0: one mesh with normals, vertex colours and texture coordinates, in metres."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np

from seethrough.errors import SeethroughError
from seethrough.meshes.mesh import Mesh, mesh_from_file

_MAGIC, _JSON, _BINARY = 0x46546C67, 0x4E4F534A, 0x004E4942
_FLOAT, _UNSIGNED_INT = 5126, 5125
_COMPONENTS = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}
_ARRAY_BUFFER, _ELEMENT_ARRAY_BUFFER = 34962, 34963
_MILLIMETRES_PER_METRE = 1000.0


def encode_glb(mesh: Mesh, texture: bytes | None = None) -> bytes:
    """Encode a mesh: metres, +y up, +z towards the viewer (the format's own axes), linear vertex colours.

    The format multiplies COLOR_0 in linear light, while our colours are what a screen shows, so they are linearised
    here and encoded again on reading. Texture coordinates get v down, as the format counts them.

    Args:
        mesh: the mesh.
        texture: a PNG file that is laid over it by its ``uv``.
    """
    positions = (mesh.vertices / _MILLIMETRES_PER_METRE).astype("<f4")
    arrays: list[tuple[str, np.ndarray]] = [("POSITION", positions), ("NORMAL", mesh.normals().astype("<f4"))]
    if mesh.colours is not None:
        arrays.append(("COLOR_0", linear_from_srgb(mesh.colours.clip(0, 1)).astype("<f4")))
    if mesh.uv is not None:
        arrays.append(("TEXCOORD_0", np.stack([mesh.uv[:, 0], 1 - mesh.uv[:, 1]], axis=1).astype("<f4")))
    arrays.append(("indices", mesh.triangles.astype("<u4").reshape(-1)))

    views, accessors, attributes, body = [], [], {}, b""
    for name, values in arrays:
        target = _ELEMENT_ARRAY_BUFFER if name == "indices" else _ARRAY_BUFFER
        views.append({"buffer": 0, "byteOffset": len(body), "byteLength": values.nbytes, "target": target})
        accessor: dict[str, Any] = {
            "bufferView": len(views) - 1,
            "componentType": _UNSIGNED_INT if name == "indices" else _FLOAT,
            "count": len(values),
            "type": "SCALAR" if name == "indices" else f"VEC{values.shape[1]}",
        }
        if name == "POSITION" and len(values):
            accessor |= {"min": values.min(0).tolist(), "max": values.max(0).tolist()}
        if name != "indices":
            attributes[name] = len(accessors)
        accessors.append(accessor)
        body += values.tobytes()  # every item is four bytes wide, so each view stays aligned
    # Without a material the format means polished metal.
    material: dict[str, Any] = {
        "pbrMetallicRoughness": {"metallicFactor": 0.0, "roughnessFactor": 0.8},
        "doubleSided": True,
    }
    pictures: dict[str, Any] = {}
    if texture is not None:
        pictures = {"images": [{"bufferView": len(views), "mimeType": "image/png"}], "textures": [{"source": 0}]}
        material["pbrMetallicRoughness"]["baseColorTexture"] = {"index": 0}
        views.append({"buffer": 0, "byteOffset": len(body), "byteLength": len(texture)})
        body += texture + b"\0" * (-len(texture) % 4)
    document = {
        "asset": {"version": "2.0", "generator": "seethrough"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0, "name": "face"}],
        "meshes": [
            {"primitives": [{"attributes": attributes, "indices": len(accessors) - 1, "material": 0, "mode": 4}]}
        ],
        "materials": [material],
        **pictures,
        "accessors": accessors,
        "bufferViews": views,
        "buffers": [{"byteLength": len(body)}],
    }
    text = json.dumps(document, separators=(",", ":")).encode("ascii")
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<II", len(text), _JSON) + text + struct.pack("<II", len(body), _BINARY) + body
    return struct.pack("<III", _MAGIC, 2, 12 + len(chunks)) + chunks


def decode_glb(path: Path, content: bytes) -> Mesh:
    """Decode the first primitive of the first mesh, in mm; node transforms and textures are passed over."""
    document, body = _chunks(path, content)
    primitive = document["meshes"][0]["primitives"][0]
    if primitive.get("mode", 4) != 4:
        raise SeethroughError(f"{path}: the mesh is not made of triangles; export it as triangles")
    attributes = primitive["attributes"]
    vertices = _accessor(document, body, attributes["POSITION"]).astype(np.float64) * _MILLIMETRES_PER_METRE
    if "indices" in primitive:
        indices = _accessor(document, body, primitive["indices"])
    else:
        indices = np.arange(len(vertices))
    colours = uv = None
    if "COLOR_0" in attributes:
        colours = srgb_from_linear(_accessor(document, body, attributes["COLOR_0"])[:, :3].clip(0, 1))
    if "TEXCOORD_0" in attributes:
        uv = _accessor(document, body, attributes["TEXCOORD_0"]) * [1, -1] + [0, 1]
    return mesh_from_file(path, vertices, indices.reshape(-1, 3), colours=colours, uv=uv)


def linear_from_srgb(colours: np.ndarray) -> np.ndarray:
    """Decode sRGB values in [0, 1] to linear light (IEC 61966-2-1)."""
    return np.where(colours <= 0.04045, colours / 12.92, ((np.maximum(colours, 0) + 0.055) / 1.055) ** 2.4)


def srgb_from_linear(colours: np.ndarray) -> np.ndarray:
    """Encode linear light in [0, 1] as sRGB (IEC 61966-2-1)."""
    colours = np.asarray(colours, dtype=np.float64)
    return np.where(colours <= 0.0031308, colours * 12.92, 1.055 * np.maximum(colours, 0) ** (1 / 2.4) - 0.055)


def _chunks(path: Path, content: bytes) -> tuple[dict, bytes]:
    if len(content) < 20 or struct.unpack_from("<I", content)[0] != _MAGIC:
        raise SeethroughError(f"{path}: not a GLB file (binary glTF 2.0); export it again")
    _, version, total = struct.unpack_from("<III", content)
    if version != 2 or total > len(content):
        raise SeethroughError(
            f"{path}: version {version}, {len(content)} of {total} bytes; need a complete glTF 2.0 file"
        )
    document, body, position = None, b"", 12
    while position + 8 <= total:
        length, kind = struct.unpack_from("<II", content, position)
        chunk = content[position + 8 : position + 8 + length]
        if len(chunk) < length:
            raise ValueError("a chunk is longer than the file")
        if kind == _JSON:
            document = json.loads(chunk)
        elif kind == _BINARY:
            body = chunk
        position += 8 + length
    if not isinstance(document, dict):
        raise SeethroughError(f"{path}: the GLB file has no JSON part; export it again")
    return document, body


def _accessor(document: dict, body: bytes, index: int) -> np.ndarray:
    accessor = document["accessors"][index]
    view = document["bufferViews"][accessor["bufferView"]]
    kind = np.dtype(_COMPONENTS[accessor["componentType"]])
    width, count = _WIDTHS[accessor["type"]], accessor["count"]
    start = view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
    stride = view.get("byteStride") or kind.itemsize * width
    if count and start + (count - 1) * stride + kind.itemsize * width > len(body):
        raise ValueError("an accessor reaches behind the end of the file")
    rows = np.ndarray((count, width), kind, buffer=body, offset=start, strides=(stride, kind.itemsize))
    values = rows.astype(np.float64 if kind.kind == "f" else np.int64)
    if accessor.get("normalized"):
        return np.maximum(values / np.iinfo(kind).max, -1)
    return values if width > 1 else values[:, 0]
