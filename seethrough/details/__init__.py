"""Mid-level detail on a smooth face: foundations, depth maps, bump maps and dense meshes (Extreme 3D, Sec. 3, 4.1)."""

from seethrough.details.bump_encoding import decode_bump, encode_bump, read_bump, write_bump
from seethrough.details.coefficient_file import FaceCoefficients, read_coefficients
from seethrough.details.coefficient_foundation import foundation_from_coefficients
from seethrough.details.dense_mesh import dense_mesh
from seethrough.details.depth import apply_bump, bump_from_depths, displaced_points, foundation_depth, unproject
from seethrough.details.detail_crop import DETAIL_SIZE, camera_in_crop, detail_crop
from seethrough.details.foundation import FOUNDATIONS, Foundation, foundation_from_vertices, foundation_of

__all__ = [
    "DETAIL_SIZE",
    "FOUNDATIONS",
    "FaceCoefficients",
    "Foundation",
    "apply_bump",
    "bump_from_depths",
    "camera_in_crop",
    "decode_bump",
    "dense_mesh",
    "detail_crop",
    "displaced_points",
    "encode_bump",
    "foundation_depth",
    "foundation_from_coefficients",
    "foundation_from_vertices",
    "foundation_of",
    "read_bump",
    "read_coefficients",
    "unproject",
    "write_bump",
]
