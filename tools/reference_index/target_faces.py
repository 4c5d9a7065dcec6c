"""Bump targets of photos as references; FOCUS, or the landmarks alone, tell from where a face is seen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageDraw

from datamodules.photos.face_files import FaceFiles
from datamodules.photos.manifest import MANIFEST, PREPARATION, ManifestRow, read_manifest
from datamodules.photos.prepared_folder import read_prepared_folder
from experiments.reconstruction.estimator import FaceEstimator, padded
from lightning_modules.checkpoint_hash import hash_of_weights
from seethrough.details.bump_encoding import read_bump
from seethrough.details.filling import Viewpoint
from seethrough.errors import SeethroughError
from seethrough.fitting import fit_landmarks
from seethrough.photos import align
from seethrough.photos.alignment import REFERENCE_SIZE
from tools.reference_index.face_source import SourceFace, UnfitFace

NO_NETWORK = "none"
LEAST_SEEN = 0.6
"""Of the outline of the landmarks; a face of whose skin less is known is hidden by something, or seen too flat."""


class TargetFaces:
    """The faces of a folder that ``python -m tools.bump_targets`` has written.

    Args:
        folder: of the targets.
        checkpoint: FOCUS: run folder, checkpoint file, ``default``, or ``none`` for the landmarks alone.
        count: how many faces, the first ones; 0 is all.
        split: only faces of this split; None is all.
        least_seen: share of the outline of the landmarks that must be seen for a face to be fit.

    Attributes:
        ids: names of all faces, fit or not.

    Raises:
        SeethroughError: no bump targets there, or a damaged folder.
    """

    def __init__(
        self,
        folder: Path,
        checkpoint: str = "default",
        count: int = 0,
        split: str | None = None,
        least_seen: float = LEAST_SEEN,
    ) -> None:
        facts = read_prepared_folder(folder)
        if facts.data_set != "bump":
            raise SeethroughError(
                f"{folder / PREPARATION}: photos of {facts.data_set} without bump maps; run "
                f"`python -m tools.bump_targets {folder} --out DIR`, and name DIR"
            )
        self._folder, self._files = folder, FaceFiles(folder, facts.side)
        rows = [row for row in read_manifest(folder / MANIFEST) if split in (None, row.split)]
        if not rows:
            raise SeethroughError(f"{folder / MANIFEST}: no face" + (f" of the split {split}" if split else ""))
        self._rows, self._least_seen = rows[: count or len(rows)], least_seen
        self.ids = [row.id for row in self._rows]
        weights, path = "", None
        if checkpoint != NO_NETWORK:
            from lightning_modules.focus.loading import newest_checkpoint

            path = Path(checkpoint)
            weights = hash_of_weights(newest_checkpoint(checkpoint))
        self._estimator = FaceEstimator(path)
        self.model = self._estimator.written_model
        self.crop_size = facts.side
        self.settings: dict[str, Any] = {
            "source": facts.root, "count": len(self._rows), "split": split or "", "weights": weights,
            **{f"bump_{key}": value for key, value in sorted(facts.settings.items())},
        }  # fmt: skip

    def __len__(self) -> int:
        return len(self._rows)

    def faces(self, places: Sequence[int]) -> list[SourceFace | UnfitFace]:
        """Return some faces; one that is largely hidden is unfit."""
        return [self._face(self._rows[place]) for place in places]

    def _face(self, row: ManifestRow) -> SourceFace | UnfitFace:
        if row.bump is None or row.mask is None:
            raise SeethroughError(f"{self._folder}: the face {row.id} has no bump map; make the targets again")
        mask = self._files.mask(row.mask) > 127
        hull = _outline(row.landmarks, self.crop_size)
        seen = float(mask[hull].mean()) if hull.any() else 0.0
        if seen < self._least_seen or not mask.any():
            return UnfitFace(row.id, f"only {seen:.0%} of its skin are seen")
        bump, _ = read_bump(self._folder / row.bump)
        if bump.shape != mask.shape:
            raise SeethroughError(
                f"{self._folder / row.bump}: {bump.shape[1]} x {bump.shape[0]} px, its crop {self.crop_size}"
            )
        image = self._files.crop(row.crop)
        aligned = align(row.landmarks, size=REFERENCE_SIZE)
        estimate = self._estimator.predict(image, aligned)
        start = padded(estimate.parameters, self._estimator.fitted_model.sizes)
        points = torch.from_numpy(aligned.to_crop(row.landmarks).astype(np.float32))[None]
        placed = fit_landmarks(self._estimator.renderer, start, points)
        return SourceFace(
            id=row.id,
            identity=row.identity,
            image=image,
            bump=bump,
            mask=mask,
            landmarks=row.landmarks,
            viewpoint=Viewpoint.of(placed),
            coefficients=placed.identity[0].double().numpy(),
        )


def _outline(landmarks: np.ndarray, size: int) -> np.ndarray:
    """Return the (S, S) bool inside of jaw and brows."""
    picture = Image.new("1", (size, size))
    outline = [*landmarks[:17], *landmarks[26:16:-1]]
    ImageDraw.Draw(picture).polygon([(float(x) - 0.5, float(y) - 0.5) for x, y in outline], fill=1)
    return np.array(picture, dtype=bool)
