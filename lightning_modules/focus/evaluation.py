"""From batches of test faces to one row per image, of which every table is made."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from lightning_modules.focus.evaluation_summary import summarise, summarise_subsets
from lightning_modules.focus.now_columns import NOW_COLUMNS, NOW_POINT_COLUMNS, now_columns
from lightning_modules.focus.torch_model import Focus, FocusPrediction
from lightning_modules.focus.twins import SharedRegionErrors
from seethrough.fitting.skin_colour import skin_colour_mask
from seethrough.losses import preliminary_mask
from seethrough.metrics import PerImageTable, align, image_rmse, mask_scores
from seethrough.metrics.masks import MASK_SCORES
from seethrough.metrics.posed_landmarks import posed_landmarks
from seethrough.metrics.table import TEXT, WHOLE, Column, numbered, text_rows, words_of
from seethrough.morphable import FaceParameters

MASKS = ("mask", "all_face", "preliminary", "skin")
REGIONS = ("own", "fixed")
MASK_COLUMNS = tuple(f"{mask}_{region}_{score}" for mask in MASKS for region in REGIONS for score in MASK_SCORES)
SOFT_COLUMNS = tuple(f"{mask}_own_{score}_soft" for mask in ("mask", "all_face") for score in MASK_SCORES)
TEXT_COLUMNS = ("id", "twin", "subset", "occluder_name")
SHAPE_COLUMNS = (
    "shape_error_mm",
    "shape_error_median_mm",
    "shape_error_rigid_mm",
    "shape_error_misfit_prior_mm",
    "mean_face_error_mm",
    "mean_face_error_rigid_mm",
    "random_identity_error_mm",
)
VERTEX_COLUMNS = ("vertex_error_mm", "vertex_error_rigid_mm", "vertex_error_misfit_prior_mm")
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
_IDENTITY_LIMIT = 2.5

MaskName = Literal["segmentation", "all_face", "preliminary", "skin"]


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
        columns |= self._mask_columns(prediction, batch)
        shapes, vertices = self._shape_columns(prediction, batch)
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

    def _mask_columns(self, prediction: FocusPrediction, batch: dict[str, Any]) -> dict[str, Tensor]:
        rendering, image = prediction.rendering, batch["image"]
        masks = {
            # Inside any region that it is scored in: the true face goes beyond the rendered one.
            "all_face": torch.ones_like(rendering.mask),
            "preliminary": preliminary_mask(image, rendering.image, rendering.mask, self.threshold),
            "skin": skin_colour_mask(image),
        }
        own = {**masks, "skin": masks["skin"] * rendering.mask, "all_face": rendering.mask}
        masks["mask"] = prediction.mask if self.mask == "segmentation" else own[self.mask]
        truth = batch.get("truth")
        columns = dict.fromkeys(self._masks, torch.full((len(image),), torch.nan, device=image.device))
        if self.soft_masks and "mask" in batch:
            for name, mask in (("mask", masks["mask"]), ("all_face", rendering.mask)):
                scores = mask_scores(mask, batch["mask"], rendering.mask, soft=True, clamp=1)
                columns |= {f"{name}_own_{key}_soft": value.float() for key, value in scores.items()}
        for region_name, region in (("own", rendering.mask), ("fixed", truth["full_face"] if truth else None)):
            if region is not None and "mask" in batch:
                for name, mask in masks.items():
                    scores = mask_scores(mask, batch["mask"], region)
                    columns |= {f"{name}_{region_name}_{key}": value for key, value in scores.items()}
        return columns

    def _shape_columns(
        self, prediction: FocusPrediction, batch: dict[str, Any]
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Return columns of one value an image, and those of one a vertex; empty where the true shape is not known."""
        focus, truth = self._held[0], batch.get("truth")
        if truth is None or any(source != self.model_source for source in truth["model"]):
            return {}, {}
        model = focus.full_model.to(batch["image"].device)
        true = model.shape(truth["parameters"]["identity"])

        def distances(shape: Tensor, kind: Literal["similarity", "rigid"] = "similarity") -> Tensor:
            return (align(shape, true, kind) - true).norm(dim=-1)

        neutral = focus.neutral(prediction.parameters)
        mean = model.mean.expand_as(true)
        vertices = {"vertex_error_mm": distances(neutral), "vertex_error_rigid_mm": distances(neutral, "rigid")}
        columns = {
            "shape_error_mm": vertices["vertex_error_mm"].mean(1),
            "shape_error_median_mm": vertices["vertex_error_mm"].median(1).values,
            "shape_error_rigid_mm": vertices["vertex_error_rigid_mm"].mean(1),
            "mean_face_error_mm": distances(mean).mean(1),
            "mean_face_error_rigid_mm": distances(mean, "rigid").mean(1),
            "random_identity_error_mm": distances(model.shape(_somebody_else(batch, true))).mean(1),
        }
        corrected = None
        if getattr(focus, "misfit_prior", None) is not None:
            corrected = focus.neutral(prediction.parameters, misfit_prior=True)
            vertices["vertex_error_misfit_prior_mm"] = distances(corrected)
            columns["shape_error_misfit_prior_mm"] = vertices["vertex_error_misfit_prior_mm"].mean(1)
        if self.now:
            of_images, of_points = now_columns(model, true, neutral, corrected)
            columns, vertices = columns | of_images, vertices | of_points
        return columns, vertices

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

    def headline(self) -> dict[str, float]:
        """Return the few numbers that are worth a curve."""
        rows = self.rows()
        occluder = rows["occluder"]
        overall = summarise(rows)
        hidden, plain = (
            summarise({name: values[chosen] for name, values in rows.items()}) if chosen.any() else overall
            for chosen in (occluder > 0, occluder == 0)
        )
        return {
            "mask_f1_occluded": hidden["mask_f1"],
            "mask_f1_all_face_occluded": hidden["mask_f1_all_face"],
            "image_rmse_occluded": hidden["image_rmse"],
            "skill_over_mean_face_unoccluded": plain.get("skill_over_mean_face", math.nan),
            "landmark_error_px": overall["landmark_error_px"],
        }


def own_mask(setting: str, has_network: bool) -> MaskName:
    """Return the mask that a run is scored with: its network's, else the one that stood in for it in training."""
    if has_network:
        return "segmentation"
    return setting if setting in ("skin", "preliminary") else "all_face"  # pyright: ignore[reportReturnType]


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


def _somebody_else(batch: dict[str, Any], like: Tensor) -> Tensor:
    """Return identity coefficients of a random person for each image, always the same one for the same person."""
    true = batch["truth"]["parameters"]["identity"]
    people = batch["identity"].tolist() if "identity" in batch else [-1] * len(true)
    names = [f"person {person}" if person >= 0 else name for person, name in zip(people, batch["id"], strict=True)]
    seeds = numbered(names).tolist()
    drawn = [torch.randn(true.shape[1], generator=torch.Generator().manual_seed(seed)) for seed in seeds]
    return torch.stack(drawn).clamp(-_IDENTITY_LIMIT, _IDENTITY_LIMIT).to(like)


def _landmark_error(landmarks: Tensor, truth: Tensor, focus: Focus) -> Tensor:
    """Return (B,) mean landmark distance in pixels of a 224-px crop."""
    return (landmarks - truth).norm(dim=-1).mean(1) * (LANDMARK_SIZE / focus.image_size)
