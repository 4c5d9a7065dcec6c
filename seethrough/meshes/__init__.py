"""Reading and writing triangle meshes: PLY, OBJ, GLB."""

from collections.abc import Callable
from pathlib import Path

from seethrough.meshes.glb import decode_glb, encode_glb
from seethrough.meshes.mesh import Mesh, read_mesh, write_mesh
from seethrough.meshes.obj import decode_obj, encode_obj
from seethrough.meshes.ply import decode_ply, encode_ply

FORMATS: dict[str, tuple[Callable[[Path, bytes], Mesh], Callable[[Mesh], bytes]]] = {
    ".ply": (decode_ply, encode_ply),
    ".obj": (decode_obj, encode_obj),
    ".glb": (decode_glb, encode_glb),
}

__all__ = ["FORMATS", "Mesh", "encode_ply", "read_mesh", "write_mesh"]
