"""From batches of test faces to one row per image, of which every table is made."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lightning_modules.focus.evaluation_summary import summarise_subsets
from lightning_modules.focus.mask_columns import MASK_COLUMNS, SOFT_COLUMNS, MaskName, mask_columns
from lightning_modules.focus.now_columns import NOW_COLUMNS, NOW_POINT_COLUMNS
from lightning_modules.focus.shape_columns import SHAPE_COLUMNS, VERTEX_COLUMNS, shape_columns
from lightning_modules.focus.torch_model import Focus, FocusPrediction
from lightning_modules.focus.twins import SharedRegionErrors
from seethrough.metrics import PerImageTable, image_rmse
from seethrough.metrics.posed_landmarks import posed_landmarks
from seethrough.metrics.table import TEXT, WHOLE, Column, numbered, text_rows, words_of
from seethrough.morphable import FaceParameters

TEXT_COLUMNS = ("id", "twin", "subset", "occluder_name")
PICTURE_COLUMNS = (
    "yaw_deg",
    "image_rmse",
    "landmark_error_px",
    "landmark_error_mean_face_px",
    "landmark_error_resting_face_px",
    "occluded_share",
    "rendered_area_ratio",
)
LANDMARK_SIZE = 224.0


class FocusEvaluation:
    """Score reconstructions and masks, one row per image.

    Each image is scored with the run's own mask, with "everything is face", with the preliminary mask of Eq. 10 and
    with skin colour, inside the rendered face (``own``, the paper's region) and inside the true face without its
    occluder (``fixed``, where data know it); its shape is scored beside the mean face and beside a random person; its
    landmarks beside those of the mean face that looks straight ahead, which knows nothing of the photo, and of the mean
    face in the pose that fits the landmarks best, which knows the answer's pose. What data do not know becomes NaN;
    photos, of whose shape nothing is known, have no columns of shapes at all.

    Args:
        focus: the networks; scored as they are when :meth:`update` is called.
        model_source: name or path of the fitted face model; shapes of data that come from another one, whose
            coefficients mean other things, are not scored.
        threshold: xi of the preliminary mask.
        mask: the run's own mask; all but ``segmentation`` are for rows that train without the network.
        soft_masks: score masks in the form of FOCUS's released code as well: not rounded, each area at least 1 px.
        now: score shapes by the NoW protocol as well, with the true neutral shape for the scan.
    """

    def __init__(
        self,
        focus: Focus,
        model_source: str,
        threshold: float,
        mask: MaskName = "segmentation",
        *,
        soft_masks: bool = False,
        now: bool = False,
    ) -> None:
        # In a list, so that the networks are not registered a second time and the metric stays out of checkpoints.
        self._held = [focus]
        self.model_source = model_source
        self.threshold = threshold
        self.mask: MaskName = mask
        self.soft_masks, self.now = soft_masks, now
        columns = dict.fromkeys(TEXT_COLUMNS, TEXT) | dict.fromkeys(("identity", "occluder"), WHOLE)
        self._shapes = (*SHAPE_COLUMNS, *(NOW_COLUMNS if now else ()))
        self._masks = (*MASK_COLUMNS, *(SOFT_COLUMNS if soft_masks else ()))
        columns |= dict.fromkeys((*PICTURE_COLUMNS, *self._shapes, *self._masks), Column())
        self._tables = [PerImageTable(columns), PerImageTable(["image_rmse_shared_region"])]
        # Tables of their own: the values of all vertices are only kept of images of which they are known.
        each = Column(shape=(len(focus.full_model.mean),))
        vertices = (*VERTEX_COLUMNS, *(NOW_POINT_COLUMNS if now else ()))
        self._vertices = {name: PerImageTable({name: each}) for name in vertices}
        self._twins = SharedRegionErrors()

    def with_columns(self, *, soft_masks: bool = False, now: bool = False) -> FocusEvaluation:
        """Return an empty evaluation of the same networks that has further columns, see the class."""
        return FocusEvaluation(
            self._held[0], self.model_source, self.threshold, self.mask, soft_masks=soft_masks, now=now
        )

    @torch.no_grad()
    def update(self, batch: dict[str, Any]) -> FocusPrediction:
        """Predict a batch and add its rows; returns the prediction for pictures."""
        focus = self._held[0]
        prediction = focus.predict(batch["image"])
        image, truth, count = batch["image"], batch.get("truth"), len(batch["image"])
        device = image.device
        nobody = torch.full((count,), -1, device=device)
        none = [""] * count
        words = {
            "id": batch["id"],
            "twin": truth["twin"] if truth else none,
            "subset": _subsets(batch),
            "occluder_name": truth["occluder_name"] if truth else none,
        }
        columns = {name: text_rows(values, device) for name, values in words.items()}
        columns |= {"identity": batch.get("identity", nobody), "occluder": truth["occluder"] if truth else nobody}
        columns |= self._picture_columns(prediction, batch)
        columns |= mask_columns(prediction, batch, self.mask, self.threshold, soft=self.soft_masks)
        shapes, vertices = shape_columns(focus, self.model_source, prediction, batch, now=self.now)
        columns |= dict.fromkeys(self._shapes, torch.full((count,), torch.nan, device=device)) | shapes
        index = numbered(batch["id"], device)
        self._tables[0].update(index, **columns)
        for name, table in self._vertices.items():
            values = vertices.get(name, torch.zeros((0, *table.columns[name].shape), device=device))
            table.update(index[: len(values)], **{name: values})
        twins = truth["twin"] if truth and "mask" in batch else none
        visible = batch["mask"] * prediction.rendering.mask if "mask" in batch else prediction.rendering.mask
        names, errors = self._twins.add(batch["id"], twins, image, prediction.rendering.image, visible)
        self._tables[1].update(numbered(names, device), image_rmse_shared_region=errors)
        return prediction

    def _picture_columns(self, prediction: FocusPrediction, batch: dict[str, Any]) -> dict[str, Tensor]:
        rendering, image, truth = prediction.rendering, batch["image"], batch.get("truth")
        landmarks = truth["landmarks"] if truth else batch["landmarks"]
        unknown = torch.full((len(image),), torch.nan, device=image.device)
        columns: dict[str, Tensor] = {name: unknown for name in PICTURE_COLUMNS}
        model = self._held[0].full_model
        posed = posed_landmarks(model.mean[model.landmarks], landmarks)
        columns["landmark_error_px"] = _landmark_error(rendering.landmarks, landmarks, self._held[0])
        columns["landmark_error_mean_face_px"] = _landmark_error(posed, landmarks, self._held[0])
        nothing = FaceParameters(*map(torch.zeros_like, prediction.parameters))
        resting = self._held[0].face_renderer.geometry(nothing).landmarks
        columns["landmark_error_resting_face_px"] = _landmark_error(resting, landmarks, self._held[0])
        if "mask" in batch:
            columns["image_rmse"] = image_rmse(image, rendering.image, batch["mask"] * rendering.mask)
        if truth:
            face = truth["full_face"].flatten(1).sum(1)
            columns["yaw_deg"] = truth["parameters"]["rotation"][:, 1] * (180 / math.pi)
            columns["rendered_area_ratio"] = rendering.mask.flatten(1).sum(1) / face
            if "mask" in batch:
                columns["occluded_share"] = 1 - batch["mask"].flatten(1).sum(1) / face
        return columns

    def rows(self) -> dict[str, np.ndarray]:
        """Return all columns, (N,) or (N, V), gathered from all processes and sorted by ``id``.

        Columns of vertices are (N, 0) where nobody's are known.
        """
        table = self._tables[0].gathered()
        index = table.pop("index").cpu().numpy()
        rows: dict[str, np.ndarray] = {}
        for name, values in table.items():
            rows[name] = np.array(words_of(values)) if name in TEXT_COLUMNS else values.cpu().numpy()
        rows["image_rmse_shared_region"] = _placed(self._tables[1], "image_rmse_shared_region", index)
        vertices = {name: _placed(table, name, index) for name, table in self._vertices.items()}
        if (rows["occluder"] >= 0).any():
            rows |= vertices
        else:
            rows = {name: values for name, values in rows.items() if name not in self._shapes}
        order = np.argsort(rows["id"], kind="stable")
        return {name: values[order] for name, values in rows.items()}

    def reset(self) -> None:
        """Forget all rows."""
        for table in (*self._tables, *self._vertices.values()):
            table.reset()
        self._twins.forget()

    def summary(self) -> dict[str, dict[str, float]]:
        """Return {subset: {key: value}}, see :func:`~lightning_modules.focus.evaluation_summary.summarise_subsets`."""
        return summarise_subsets(self.rows())


def _placed(table: PerImageTable, name: str, index: np.ndarray) -> np.ndarray:
    """Return a column of another table for the images in ``index``, NaN for those that it does not have."""
    known = table.gathered()
    values = known[name].cpu().numpy()
    shape = (len(index), *(values.shape[1:] if len(values) else (0,) * (values.ndim - 1)))
    placed = np.full(shape, np.nan, dtype=np.float32)
    if len(values):
        _, here, there = np.intersect1d(index, known["index"].cpu().numpy(), return_indices=True)
        placed[here] = values[there]
    return placed


def _subsets(batch: dict[str, Any]) -> list[str]:
    """Return the data set's own subset of each sample; ``clean`` or ``occluded`` where it only knows occluders."""
    truth = batch.get("truth")
    if truth is None:
        return list(batch.get("subset", [""] * len(batch["image"])))
    if "subset" in truth:
        return list(truth["subset"])
    return ["occluded" if occluder else "clean" for occluder in truth["occluder"].tolist()]


def _landmark_error(landmarks: Tensor, truth: Tensor, focus: Focus) -> Tensor:
    """Return (B,) mean landmark distance in pixels of a 224-px crop."""
    return (landmarks - truth).norm(dim=-1).mean(1) * (LANDMARK_SIZE / focus.image_size)
