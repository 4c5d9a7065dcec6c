"""One photo from file to meshes, stage by stage; a photo that fails says why and stops nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from experiments.reconstruction.detail_stages import DetailStages
from experiments.reconstruction.earlier_results import (
    FACE_STATE,
    LOST,
    done_before,
    failed_again,
    folder_of,
    is_kept,
    refuse_unkept,
    rows_of,
)
from experiments.reconstruction.estimator import FaceEstimator
from experiments.reconstruction.face_state import read_face, write_face
from experiments.reconstruction.faults import Faults
from experiments.reconstruction.grey_photos import is_grey, tinted
from experiments.reconstruction.manifest import Manifest, Row, manifest_row
from experiments.reconstruction.reconstructed_face import Reconstruction
from experiments.reconstruction.stages import StageClock
from experiments.reconstruction.writing import write_reconstruction
from seethrough.errors import SeethroughError
from seethrough.photos import DetectedFace, FaceDetector, align, choose_faces, read_photo
from seethrough.photos.alignment import REFERENCE_SIZE


@dataclass
class PhotoToMesh:
    """The stages with everything that they need.

    Attributes:
        detector: finds faces; None takes those of an earlier run.
        estimator: networks and face models.
        manifest: gives folders for the results.
        faces: ``largest`` or ``all`` of a photo.
        refine_steps: steps of the fit; 0 leaves the prediction as it is.
        settings: what the parameter files say of how they were made.
        detail: the stages that add details; None for none.
    """

    detector: FaceDetector | None
    estimator: FaceEstimator
    manifest: Manifest
    faces: str
    refine_steps: int
    settings: dict[str, object]
    detail: DetailStages | None = None

    @property
    def faults(self) -> Faults:
        """What says why a photo failed."""
        return Faults(self.manifest.folder)

    def __call__(self, path: Path) -> list[Row]:
        """Reconstruct the faces of one photo; returns a row a face, or one row with the reason of a failure."""
        clock = StageClock()
        if self.detector is None:
            return self._all_again(path, clock)
        try:
            with clock.stage("read"):
                photo = read_photo(path)
            with clock.stage("detect"):
                faces = choose_faces(self.detector.faces(photo), self.faces)
                if not faces:
                    height, width = photo.shape[:2]
                    raise SeethroughError(
                        f"no face found in {width} x {height} pixels; is one large, sharp, upright and frontal?"
                    )
        except Exception as error:
            return [manifest_row(path, clock.table(), reason=self.faults.reason(path, error))]
        return [self._face(path, photo, faces, index, clock.copy()) for index in range(len(faces))]

    def _face(self, path: Path, photo: np.ndarray, faces: list[DetectedFace], index: int, clock: StageClock) -> Row:
        try:
            result = self._reconstruct(path, photo, faces[index], clock)
        except Exception as error:
            return manifest_row(path, clock.table(), reason=self.faults.reason(path, error), face=index + 1)
        return self.written(result, index, len(faces), clock)

    def written(self, result: Reconstruction, index: int, count: int, clock: StageClock) -> Row:
        """Write a fitted face and go on with its details; returns its row.

        Args:
            result: the fitted face.
            index: 0 for the first face of its photo.
            count: how many faces of the photo are written.
            clock: with the stages so far.
        """
        path, outputs = result.path, dict[str, str]()

        def work() -> None:
            result.refuse_diverged()
            folder = self.manifest.folder_for(path, index, count)
            if self.detail is not None and self.detail.completion is not None:
                with clock.stage("write"):  # at once: it takes away what earlier runs have left of later stages
                    outputs[FACE_STATE] = str(write_face(folder, result, self.settings))
            self._write(result, folder, clock, outputs)
            if self.detail is not None:
                self.detail(name_of(path, index, count), result, self.estimator, folder, clock, outputs)

        reason = self.faults.of(work, path, clock)
        return _row(path, clock, reason, result, outputs, index + 1)

    def _write(self, result: Reconstruction, folder: Path, clock: StageClock, outputs: dict[str, str]) -> None:
        clock.beside(
            "write", lambda: outputs.update(write_reconstruction(result, self.estimator, folder, self.settings))
        )

    def _all_again(self, path: Path, clock: StageClock) -> list[Row]:
        """Go on with the faces of an earlier run; whatever fails, their results stay in the manifest."""
        earlier = rows_of(self.manifest, path)
        try:
            with clock.stage("read"):
                photo = read_photo(path)
            refuse_unkept(self.manifest, earlier)
        except Exception as error:
            reason = self.faults.reason(path, error)
            if not earlier:
                return [manifest_row(path, clock.table(), reason=reason)]
            return [failed_again(row, clock.table(), reason) for row in earlier]
        rows = []
        for index, row in enumerate(earlier):
            if is_kept(row):
                rows.append(self._again(path, photo, row, row.get("face") or index + 1, len(earlier), clock.copy()))
            else:
                rows.append(failed_again(row, row["stages"], LOST))
        return rows

    def _again(self, path: Path, photo: np.ndarray, row: Row, face: int, faces: int, clock: StageClock) -> Row:
        """Go on with a face that an earlier run has kept."""
        outputs: dict[str, str] = dict(row["outputs"])
        folder = folder_of(row)
        found: list[Reconstruction] = []

        def work() -> None:
            assert self.detail is not None
            done = done_before(row)
            clock.reuse(*done)
            result = read_face(folder, path, photo, self.estimator, self.settings)
            found.append(result)
            if "write" not in done:
                self._write(result, folder, clock, outputs)
            self.detail(name_of(path, face - 1, faces), result, self.estimator, folder, clock, outputs)

        reason = self.faults.of(work, path, clock)
        return _row(path, clock, reason, found[0] if found else None, outputs, face)

    def _reconstruct(self, path: Path, photo: np.ndarray, face: DetectedFace, clock: StageClock) -> Reconstruction:
        with clock.stage("align"):
            crop = align(face.landmarks, size=REFERENCE_SIZE)
            landmarks = crop.to_crop(face.landmarks)
            # Grey skin is an occluder to the networks, and no albedo of the face model.
            seen = tinted(photo, self.estimator.skin_tone) if is_grey(photo) else photo
        if self.estimator.focus is None:
            estimate = self.estimator.predict(seen, crop)
        else:
            with clock.stage("predict"):
                estimate = self.estimator.predict(seen, crop)
        if self.refine_steps > 0:
            with clock.stage("refine"):
                estimate = self.estimator.refine(seen, crop, landmarks, estimate, self.refine_steps)
        rendering = self.estimator.render(estimate)
        fitted = rendering.landmarks[0].numpy().astype(np.float64)
        return Reconstruction(path, photo, face, crop, estimate, fitted, rendering.mask[0, 0].numpy())


def name_of(path: Path, index: int, faces: int) -> str:
    """Return what a face is called in a folder of coefficient files."""
    return path.stem if faces == 1 else f"{path.stem}_face{index + 1}"


def _row(
    path: Path,
    clock: StageClock,
    reason: str | None,
    result: Reconstruction | None,
    outputs: dict[str, str],
    face: int,
) -> Row:
    if reason is not None or result is None:
        return manifest_row(path, clock.table(), reason=reason, outputs=outputs, face=face)
    return manifest_row(
        path,
        clock.table(),
        seconds=round(clock.seconds, 4),
        landmark_error_px=result.landmark_error,
        occluded_fraction=result.occluded_fraction,
        outputs=outputs,
        face=face,
    )
