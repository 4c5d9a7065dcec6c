"""Everything that is written of a completed face."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from experiments.command_line import write_json
from experiments.reconstruction.face_state import forget, write_fill
from experiments.reconstruction.filled_bump import FilledBump
from experiments.reconstruction.turntable import gif_options
from seethrough.details import Foundation, write_bump
from seethrough.details.depth_encoding import write_depth, write_normals
from seethrough.details.face_detail import FaceDetail
from seethrough.details.stitching import StitchedFace
from seethrough.details.symmetry import Completion, foundation_frame
from seethrough.details.symmetry.symmetry_plane import RigidMotion
from seethrough.details.symmetry.vertex_graph import vertex_graph
from seethrough.details.texture import SOURCES, FaceTexture
from seethrough.errors import SeethroughError
from seethrough.meshes import Mesh, write_mesh
from seethrough.meshes.textured import png_of, write_textured
from seethrough.morphable import FaceModel
from seethrough.picture_files import DRAWN_PNG
from seethrough.rendering import REST_DISTANCE

_SOURCE_COLOURS = np.array([[0, 0, 0], [64, 160, 96], [70, 110, 200], [210, 150, 60]], dtype=np.uint8)


class CompletionWriter:
    """Writes the files of one face.

    Args:
        folder: where to.
        detail: the bump map before filling.
        model: the face model of the foundation.
        outputs: ``{name: path}``, to which what is written is added.
    """

    def __init__(self, folder: Path, detail: FaceDetail, model: FaceModel, outputs: dict[str, str]) -> None:
        self.folder, self.detail, self.model, self.outputs = folder, detail, model, outputs

    def write_filling(self, filled: FilledBump, surface: FaceDetail) -> None:
        """Write the maps of a filled bump map, and at last what later runs start from."""
        self.outputs.pop("state_fill", None)
        forget(self.folder, "fill")
        self.write_maps(filled, surface)
        self.outputs["state_fill"] = str(write_fill(self.folder, filled))

    def write_maps(self, filled: FilledBump, surface: FaceDetail) -> None:
        """Write the filled bump map, depth and normals of its surface, and the mask of what was filled."""
        covered = (self.detail.face.covered > 0.5).numpy()
        depth, normals = surface.depth().numpy(), surface.normals().numpy()
        self._saved("bump_filled", "bump_filled.png", lambda path: write_bump(path, filled.bump, covered, bits=16))
        self._saved("depth_filled", "depth_filled.png", lambda path: write_depth(path, depth, covered))
        self._saved("normals_filled", "normals_filled.png", lambda path: write_normals(path, normals, covered))
        hole = Image.fromarray((filled.hole * 255).astype(np.uint8))
        self._saved("hole", "hole.png", partial(hole.save, **DRAWN_PNG))

    def write_surfaces(self, frame: RigidMotion) -> None:
        """Write foundation, and foundation + bump, from the front; the foundation in the photo's pose too."""
        self.outputs |= write_foundation(self.folder, self.detail.face.foundation, self.model, frame)
        dense = self.detail.mesh()
        frontal = frame((dense.vertices - [0, 0, REST_DISTANCE]) * [1, -1, -1])
        self._mesh("detailed_frontal", Mesh(frontal, dense.triangles, dense.colours))

    def write_completed_model(self, mesh: Mesh) -> None:
        """Write the completed face with the face model's own vertices and triangles."""
        self._mesh("completed_fixed_topology", mesh)

    def write_stitched(self, stitched: StitchedFace, texture: FaceTexture | None = None) -> None:
        """Write the completed mesh, from the front and in the photo's pose; OBJ and GLB with their texture."""
        colours = None if texture is None else texture.at(stitched.uv).clip(0, 1)
        picture = None if texture is None else png_of(texture.image)
        aligned = stitched.camera_vertices * [1, -1, -1] + [0, 0, REST_DISTANCE]
        for pose, vertices in (("frontal", stitched.vertices), ("aligned", aligned)):
            mesh, name = Mesh(vertices, stitched.triangles, colours, stitched.uv), f"completed_{pose}"
            self._saved(f"{name}_ply", f"{name}.ply", lambda path, mesh=mesh: write_mesh(path, mesh))
            for suffix in ("obj", "glb"):
                path = self.folder / f"{name}.{suffix}"
                if picture is None:
                    write_mesh(path, mesh)
                else:
                    write_textured(path, mesh, picture)
                self.outputs[f"{name}_{suffix}"] = str(path)
        if texture is not None:
            self.outputs["texture"] = str(self.folder / "texture.png")
            sources = Image.fromarray(np.take(_SOURCE_COLOURS, texture.source + 1, axis=0))
            self._saved("texture_sources", "texture_sources.png", partial(sources.save, **DRAWN_PNG))

    def write_sheet(self, sheet: Image.Image) -> None:
        """Write the picture of all stages."""
        self._saved("stages", "stages.png", partial(sheet.save, **DRAWN_PNG))

    def write_turntable(self, frames: list[Image.Image]) -> None:
        """Write the turning face."""
        self._saved("turntable", "turntable.gif", lambda path: frames[0].save(path, **gif_options(frames)))

    def told(
        self,
        filling: dict[str, Any],
        completion: Completion | None = None,
        stitched: StitchedFace | None = None,
        texture: FaceTexture | None = None,
    ) -> None:
        """Write ``completion.json``: what was done, and with which result."""
        told: dict[str, Any] = {"filling": filling}
        if completion is not None:
            told["symmetry"] = {
                "vertices": completion.shares(),
                "centring": {"degrees": completion.centring[0], "mm": completion.centring[1]},
                "frontal_frame": {
                    "formula": "frontal_mm = rotation camera_mm + translation_mm; x right, y up, z towards the viewer",
                    "rotation": completion.frame.rotation.tolist(),
                    "translation_mm": completion.frame.translation.tolist(),
                },
            }
        if stitched is not None:
            report = stitched.report
            told["mesh"] = {
                "vertices": len(stitched.vertices),
                "triangles": len(stitched.triangles),
                "clean": report.clean,
                "borders": report.borders,
                "parts": stitched.shares(),
            }
        if texture is not None:
            told["texture"] = {
                "size_px": len(texture.image),
                "sources": texture.shares(),
                "texture_sources": dict(zip(SOURCES, ("green", "blue", "orange"), strict=True)),
            }
        self._saved("completion", "completion.json", lambda path: write_json(path, told))

    def _mesh(self, name: str, mesh: Mesh) -> None:
        self._saved(name, f"{name}.ply", lambda path: write_mesh(path, mesh))

    def _saved(self, name: str, file: str, save: Callable[[Path], object]) -> None:
        path = self.folder / file
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            save(path)
        except OSError as error:
            raise SeethroughError(f"{path}: cannot be written ({error.strerror}); is the disk full?") from None
        self.outputs[name] = str(path)


def write_foundation(folder: Path, foundation: Foundation, model: FaceModel, frame: RigidMotion) -> dict[str, str]:
    """Write a foundation from the front and in the photo's pose; returns ``{name: path}``."""
    vertices, uv = foundation.vertices.double().cpu().numpy(), model.uv.double().cpu().numpy()
    aligned = vertices * [1, -1, -1] + [0, 0, REST_DISTANCE]
    paths = {}
    for name, points in (("foundation_frontal", frame(vertices)), ("foundation_aligned", aligned)):
        paths[name] = str(write_mesh(folder / f"{name}.ply", Mesh(points, model.triangles.cpu().numpy(), None, uv)))
    return paths


def frame_of(foundation: Foundation, model: FaceModel) -> RigidMotion:
    """Return the motion from the camera frame to the frontal frame of a foundation before its face is completed."""
    return foundation_frame(foundation.vertices.double().cpu().numpy(), vertex_graph(model))
