"""Where the foundation of a face's details comes from: FOCUS, FOCUS with its pose refitted, or somebody else's file."""

from __future__ import annotations

import numpy as np

from experiments.reconstruction.estimator import FaceEstimate, FaceEstimator
from seethrough.details import (
    DETAIL_SIZE,
    FOUNDATIONS,
    Foundation,
    detail_crop,
    foundation_from_coefficients,
    foundation_of,
)
from seethrough.details.coefficient_folder import CoefficientFiles, coefficients_digest
from seethrough.details.coefficient_foundation import check_counts
from seethrough.details.detail_foundation import DetailFoundation, place_foundation
from seethrough.errors import SeethroughError
from seethrough.morphable import FaceModel
from seethrough.morphable.loading import load_face_model
from seethrough.photos import CropTransform


class FoundationSource:
    """Places the foundation of each face in its detail crop.

    Args:
        choice: ``focus``, ``release`` (the pose is refitted at f = 1000 px), or the path of a coefficient file, or of a
            folder with one for each face (:mod:`seethrough.details.coefficient_file`).
        face_model: what the coefficients of a file are of, a name or path of ``load_face_model``.
        expression: expression file of BFM 2009, whose mean is added as in the released code.
        size: pixels of the detail crop's side.

    Attributes:
        model: of a file's coefficients; None where the foundation is of the network's face model.

    Raises:
        SeethroughError: neither a preset nor a path; a face model that is missing, or not wanted.
    """

    def __init__(
        self,
        choice: str = FOUNDATIONS[0],
        face_model: str | None = None,
        expression: str | None = None,
        size: int = DETAIL_SIZE,
    ) -> None:
        self.choice, self.size = choice, size
        self._face_model, self._expression = face_model, expression
        self.files: CoefficientFiles | None = None
        self.model: FaceModel | None = None
        if choice in FOUNDATIONS:
            if face_model or expression:
                raise SeethroughError(
                    "--foundation-model and --foundation-expressions say what a coefficient file is of; the foundation "
                    f"{choice} is of the network's face model: leave them out"
                )
            return
        try:
            self.files = CoefficientFiles(choice)
        except SeethroughError as error:
            known = ", ".join(FOUNDATIONS)
            raise SeethroughError(f"--foundation {error}; or choose one of {known}") from None
        if face_model is None:
            raise SeethroughError(
                f"--foundation {choice}: say of which face model its coefficients are with --foundation-model, for "
                "instance 01_MorphableModel.mat"
            )
        one = self.files.of("") if self.files.single else None  # a damaged file is told before any photo is worked on
        self.model = load_face_model(face_model, expression=expression, add_expression_mean=expression is not None)
        if one is not None:
            check_counts(self.model, one)

    @property
    def single(self) -> bool:
        """Whether it is of one face only."""
        return self.files is not None and self.files.single

    def described(self, name: str) -> dict[str, str | None]:
        """Return what tells whether the foundation of the face ``name`` is still the same.

        Raises:
            SeethroughError: as :meth:`CoefficientFiles.file_of`.
        """
        digest = None if self.files is None else coefficients_digest(self.files.file_of(name))
        given = {"model": self._face_model, "expressions": self._expression}
        return {"foundation": self.choice, **given, "coefficients": digest}

    def __call__(
        self, name: str, estimator: FaceEstimator, estimate: FaceEstimate, aligned: CropTransform, landmarks: np.ndarray
    ) -> tuple[Foundation, CropTransform]:
        """Return the foundation of one face and the detail crop that it is seen in.

        Args:
            name: of the face, for its coefficient file.
            estimator: knows the face model of the estimate.
            estimate: what FOCUS and the fit say of the face.
            aligned: the crop of the estimate.
            landmarks: (68, 2) px of the photo.

        Raises:
            SeethroughError: unfit landmarks or coefficients.
        """
        crop = detail_crop(landmarks, size=self.size)
        if self.files is None or self.model is None:
            foundation = foundation_of(
                estimator.written_model, estimate.parameters, estimator.renderer.camera, aligned, landmarks,
                crop=crop, preset=self.choice,
            )  # fmt: skip
            return foundation, crop
        return foundation_from_coefficients(self.model, self.files.of(name), crop=crop), crop

    def placed(
        self,
        name: str,
        photo: np.ndarray,
        estimator: FaceEstimator,
        estimate: FaceEstimate,
        aligned: CropTransform,
        landmarks: np.ndarray,
        mask: np.ndarray | None = None,
    ) -> DetailFoundation:
        """Return the foundation of one face over its photo; arguments and errors as for a call.

        Args:
            photo: (H, W, 3) uint8.
            mask: (H, W) in [0, 1] of the visible face where it is known; otherwise that of the estimate counts.
        """
        foundation, crop = self(name, estimator, estimate, aligned, landmarks)
        if mask is None and estimate.mask is not None:
            mask = aligned.to_photo_mask(estimate.mask[0, 0].numpy(), *photo.shape[:2])
        return place_foundation(photo, landmarks, foundation, crop, mask)
