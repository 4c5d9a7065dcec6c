"""Stitching: one clean mesh of a completed face."""

from seethrough.details.stitching.mesh_checks import MeshReport, check_mesh
from seethrough.details.stitching.settings import StitchSettings
from seethrough.details.stitching.stitched_mesh import PARTS, StitchedFace, fixed_topology_mesh, stitch

__all__ = ["PARTS", "MeshReport", "StitchSettings", "StitchedFace", "check_mesh", "fixed_topology_mesh", "stitch"]
