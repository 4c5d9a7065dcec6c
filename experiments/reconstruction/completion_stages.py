"""From a bump map with holes to a complete face: filling, soft symmetry, one mesh, its texture, pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from experiments.reconstruction.completion_writing import CompletionWriter
from experiments.reconstruction.face_state import read_fill
from experiments.reconstruction.face_views import FaceViews, PosedMesh
from experiments.reconstruction.filled_bump import FilledBump, HoleFiller
from experiments.reconstruction.model_colours import ModelColours
from experiments.reconstruction.reconstructed_face import Reconstruction
from experiments.reconstruction.stage_range import StageRange
from experiments.reconstruction.stage_sheet import stage_sheet
from experiments.reconstruction.stages import StageClock
from experiments.reconstruction.turntable import turntable
from seethrough.details.face_detail import FaceDetail
from seethrough.details.stitching import StitchedFace, fixed_topology_mesh, stitch
from seethrough.details.symmetry import Completion, SymmetrySettings, complete
from seethrough.details.symmetry.occlusion import vertex_normals
from seethrough.details.symmetry.vertex_graph import vertex_graph
from seethrough.details.texture import FaceTexture, PhotoView, atlas_of, face_texture
from seethrough.morphable import FaceModel
from seethrough.rendering import REST_DISTANCE, Renderer

TEXTURE_SIZE = 1024


@dataclass
class CompletionStages:
    """The stages ``fill``, ``symmetry``, ``stitch``, ``texture`` and ``pictures`` with what they need.

    Attributes:
        stages: which of them are done.
        filler: fills holes.
    """

    stages: StageRange
    filler: HoleFiller

    def __call__(
        self,
        detail: FaceDetail,
        result: Reconstruction,
        writer: CompletionWriter,
        colours: ModelColours,
        clock: StageClock,
    ) -> None:
        """Complete one face and write what the stages make.

        Args:
            detail: its bump map.
            result: the face that FOCUS fitted.
            writer: knows the folder and the face model of the foundation.
            colours: of the face model.
            clock: times the stages.

        Raises:
            SeethroughError: as of the stages, or a folder that cannot be written.
        """
        stages, model = self.stages, writer.model
        if not stages.reaches("fill"):
            return
        filled = self._filled(detail, result, writer, clock)
        surface = filled.surface(detail)
        if stages.writes("fill"):
            clock.beside("fill", lambda: writer.write_filling(filled, surface))
        if not stages.reaches("symmetry"):
            clock.beside("fill", lambda: writer.told(filled.report))
            return
        with clock.stage("symmetry"):
            completion = self._completed(surface, filled, model)
            fixed = fixed_topology_mesh(completion, model)
        if stages.writes("symmetry"):
            clock.beside("symmetry", lambda: writer.write_surfaces(completion.frame))
            clock.beside("symmetry", lambda: writer.write_completed_model(fixed))
        found: dict[str, Any] = {"completion": completion}
        if stages.reaches("stitch"):
            with clock.stage("stitch"):
                stitched = found["stitched"] = stitch(completion, model)
            clock.beside("stitch", lambda: stitched.report)  # worked out here and kept, for completion.json at the end
            if stages.writes("stitch") and not stages.reaches("texture"):
                clock.beside("stitch", lambda: writer.write_stitched(stitched))
            if stages.reaches("texture"):
                with clock.stage("texture"):
                    texture = found["texture"] = textured(detail, completion, model, colours)
                if stages.writes("texture"):
                    clock.beside("texture", lambda: writer.write_stitched(stitched, texture))
                if stages.reaches("pictures"):
                    self._pictures(writer, (detail, surface), filled, completion, stitched, texture, clock)
        clock.beside(stages.last, lambda: writer.told(filled.report, **found))

    def _filled(
        self, detail: FaceDetail, result: Reconstruction, writer: CompletionWriter, clock: StageClock
    ) -> FilledBump:
        if self.stages.reuses("fill"):
            filled = read_fill(writer.folder)
            clock.reuse("fill")
        else:
            with clock.stage("fill"):
                filled = self.filler(detail, result, writer.model)
        clock.tell("fill", filled.by)
        return filled

    def _completed(self, surface: FaceDetail, filled: FilledBump, model: FaceModel) -> Completion:
        trusted = torch.from_numpy(filled.trusted).float()
        settings = SymmetrySettings(along=surface.along)
        return complete(surface.face.foundation, model, surface.depth()[None], trusted[None], settings)

    def _pictures(
        self,
        writer: CompletionWriter,
        details: tuple[FaceDetail, FaceDetail],
        filled: FilledBump,
        completion: Completion,
        stitched: StitchedFace,
        texture: FaceTexture,
        clock: StageClock,
    ) -> None:
        detail, surface = details
        with clock.stage("pictures"):
            foundation = completion.frame.back(completion.foundation)
            views = FaceViews.of(detail.face.foundation.camera, completion.frame, foundation)
            whole = PosedMesh(stitched.camera_vertices, stitched.triangles, texture.at(stitched.uv))
            meshes = [
                ("foundation", PosedMesh(foundation, vertex_graph(writer.model).triangles)),
                ("with its bump map", in_camera_frame(detail)),
                ("holes filled", in_camera_frame(surface)),
                ("completed by soft symmetry", whole),
            ]
            # The half of the face that the photo shows less of, in the frontal frame.
            hidden = completion.foundation[~completion.visible, 0].sum()
            sheet = stage_sheet(detail, filled, meshes, views, 1.0 if hidden < 0 else -1.0)
            clock.beside("pictures", lambda: writer.write_sheet(sheet))
            frames = turntable(whole, views)
            clock.beside("pictures", lambda: writer.write_turntable(frames))


def in_camera_frame(detail: FaceDetail) -> PosedMesh:
    """Return the dense mesh of a bump map."""
    mesh = detail.mesh()
    points = (mesh.vertices - [0, 0, REST_DISTANCE]) * [1, -1, -1]
    return PosedMesh(points, mesh.triangles)


@torch.no_grad()
def textured(detail: FaceDetail, completion: Completion, model: FaceModel, colours: ModelColours) -> FaceTexture:
    """Return the texture of a completed face."""
    face = detail.face
    vertices = completion.camera_vertices
    normals = vertex_normals(vertices, vertex_graph(model).triangles)
    # Of the model's own triangles, with eyes and mouth open: the photo shows eyeballs, and teeth between the lips.
    renderer = Renderer(model.triangles, face.foundation.camera)
    depth, _ = renderer.depth(torch.from_numpy(vertices).float()[None])
    view = PhotoView(
        image=face.image.permute(1, 2, 0).numpy(),
        shown=face.visible.numpy(),
        hidden=((face.covered > 0.5) & ~face.visible).numpy(),
        depth=depth[0, 0].numpy(),
        camera=face.foundation.camera,
    )
    return face_texture(atlas_of(model, TEXTURE_SIZE), view, vertices, normals, colours.albedo, colours.light(normals))
