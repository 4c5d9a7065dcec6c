"""Everything that is written of one face's detail."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from experiments.command_line import write_json
from experiments.reconstruction.detail_panels import before_and_after
from seethrough.details.bump_encoding import CODES_PER_MM, FINER, ZERO, mask_path_of, write_bump
from seethrough.details.depth_encoding import write_depth, write_normals
from seethrough.details.face_detail import FADING_MM, FaceDetail
from seethrough.errors import SeethroughError
from seethrough.meshes import write_mesh
from seethrough.picture_files import DRAWN_PNG
from seethrough.rendering import REST_DISTANCE

SUFFIXES = ("ply", "obj", "glb")


def write_detail(detail: FaceDetail, folder: Path, settings: dict[str, Any]) -> dict[str, str]:
    """Write bump map, mask, depth, normals, the dense mesh and the picture of before and after.

    Args:
        detail: of one face.
        folder: where to; it is made.
        settings: what ``detail.json`` says of how it was made.

    Returns:
        ``{name: path}``.

    Raises:
        SeethroughError: the folder cannot be written.
    """
    face, covered = detail.face, detail.face.covered.numpy()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_bump(folder / "bump.png", detail.bump.numpy(), detail.known.numpy(), bits=16)
        paths = {"bump": folder / "bump.png", "bump_mask": mask_path_of(folder / "bump.png")}
        paths["foundation_depth"] = write_depth(folder / "foundation_depth.png", face.depth.numpy(), covered)
        paths["normals"] = write_normals(folder / "normals.png", detail.normals().numpy(), covered)
        mesh = detail.mesh()
        paths |= {f"detailed_{suffix}": write_mesh(folder / f"detailed.{suffix}", mesh) for suffix in SUFFIXES}
        paths["before_and_after"] = folder / "before_and_after.png"
        before_and_after(face, detail.bump, detail.known, detail.surface_bump()).save(
            paths["before_and_after"], **DRAWN_PNG
        )
    except OSError as error:
        raise SeethroughError(
            f"{folder}: the details cannot be written ({error.strerror}); is the disk full?"
        ) from None
    paths["detail"] = folder / "detail.json"
    write_json(paths["detail"], settings | _described(detail, len(mesh.vertices)))
    return {name: str(path) for name, path in paths.items()}


def _described(detail: FaceDetail, vertices: int) -> dict[str, Any]:
    face = detail.face
    camera, crop = face.foundation.camera, face.crop
    covered = face.covered > 0.5
    known = bool(detail.known.any())
    return {
        "crop": {
            "formula": "crop_px = scale * (photo_px - centre_px) + size_px / 2",
            "scale": crop.scale,
            "centre_px": crop.centre,
            "size_px": crop.size,
        },
        "camera": {
            "formula": "crop_px = focal_px * (x, y) / z + principal_point_px; x right, y down, z forward, mm",
            "focal_px": camera.focal,
            "principal_point_px": camera.principal_point,
            "size_px": camera.width,
        },
        "bump": {
            "file": f"mm towards the camera = (code / {FINER} - {ZERO:g}) / {CODES_PER_MM:g}, where bump_mask is 255",
            "along": detail.along,
            "where": "visible face; hidden skin keeps the foundation, into which the surface fades within fading_mm",
            "fading_mm": FADING_MM,
            "known_fraction": float((detail.known & covered).sum() / covered.sum()),
            "median_mm": detail.median() if known else None,
            "largest_mm": float(detail.bump[detail.known].abs().max()) if known else None,
        },
        "foundation_depth": {
            "file": "mm = depth_offset_mm + depth_step_mm * code, both in the file's text entries; code 0: no face",
        },
        "normals": {"file": "of the detailed surface: n = 2 * code / 255 - 1, x right, y up, z towards the viewer"},
        "mesh": {
            "file": "mm (GLB: metres), pose of the photo, x right, y up, z towards the viewer",
            "origin": f"on the camera's axis, {REST_DISTANCE:g} mm ahead",
            "vertices": vertices,
        },
        "landmark_misfit_px": face.misfit * crop.size,
    }
