"""From batches of test faces to the tables of an evaluation."""

from __future__ import annotations

import hashlib
from typing import Any

import torch
from torch import Tensor

from lightning_modules.focus.torch_model import Focus, FocusPrediction
from seethrough.losses import preliminary_mask
from seethrough.metrics import PerImageTable, align, image_rmse, mask_scores, mean_interval, skill_interval
from seethrough.rendering import FaceRendering

MASK_SCORES = ("acc", "ppv", "tpr", "f1", "occluder_iou")
MASKS = ("mask", "all_face", "preliminary")
REGIONS = ("own", "fixed")
_SCALARS = ["image_rmse", "landmark_error_px", "rigid_error", "mean_face_error", "mean_face_rigid_error"]
LANDMARK_SIZE = 224.0


class FocusEvaluation:
    """Score reconstructions and masks, one row per image.

    Each image is scored with the segmentation network's mask, with "everything is face" and with the preliminary mask
    of Eq. 10, inside the rendered face (``own``, the paper's region) and inside the true face without its occluder
    (``fixed``, where data know it); its shape is scored against the mean face. What data do not know becomes NaN.

    Args:
        focus: the networks; scored as they are when :meth:`update` is called.
        model_source: name or path of the fitted face model; shapes of data that come from another one, whose
            coefficients mean other things, are not scored.
        threshold: xi of the preliminary mask.
        has_segmentation: False for a row that trains without the network; "everything is face" then stands in for it.
    """

    def __init__(self, focus: Focus, model_source: str, threshold: float, has_segmentation: bool = True) -> None:
        # In a list, so that the networks are not registered a second time and the metric stays out of checkpoints.
        self._held = [focus]
        self.model_source = model_source
        self.threshold = threshold
        self.has_segmentation = has_segmentation
        masks = [f"{mask}_{region}_{score}" for mask in MASKS for region in REGIONS for score in MASK_SCORES]
        self._tables = [PerImageTable(["identity", "occluder", "shape_error", *_SCALARS, *masks])]
        self.occluder_names: dict[int, str] = {}

    @torch.no_grad()
    def update(self, batch: dict[str, Any]) -> FocusPrediction:
        """Predict a batch and add its rows; returns the prediction for pictures."""
        focus = self._held[0]
        prediction = focus.predict(batch["image"])
        rendering, image = prediction.rendering, batch["image"]
        count = len(image)
        unknown = torch.full((count,), torch.nan, device=image.device)
        truth = batch.get("truth")
        columns: dict[str, Tensor] = {
            "identity": batch.get("identity", torch.full((count,), -1, device=image.device)),
            "occluder": truth["occluder"] if truth else torch.full((count,), -1, device=image.device),
            "landmark_error_px": _landmark_error(rendering, truth["landmarks"] if truth else batch["landmarks"], focus),
            "image_rmse": unknown,
        }
        if truth:
            pairs = zip(truth["occluder"].tolist(), truth["occluder_name"], strict=True)
            self.occluder_names.update({int(number): name for number, name in pairs})
        if "mask" in batch:
            columns["image_rmse"] = image_rmse(image, rendering.image, batch["mask"] * rendering.mask)
        columns |= self._mask_columns(prediction, batch)
        columns |= self._shape_columns(prediction, batch)
        self._tables[0].update(_numbers(batch["id"]).to(image.device), **columns)
        return prediction

    def _mask_columns(self, prediction: FocusPrediction, batch: dict[str, Any]) -> dict[str, Tensor]:
        rendering, image = prediction.rendering, batch["image"]
        masks = {
            "mask": prediction.mask if self.has_segmentation else rendering.mask,
            "all_face": rendering.mask,
            "preliminary": preliminary_mask(image, rendering.image, rendering.mask, self.threshold),
        }
        truth = batch.get("truth")
        columns = {}
        for region_name, region in (("own", rendering.mask), ("fixed", truth["full_face"] if truth else None)):
            for name, mask in masks.items():
                if region is None or "mask" not in batch:
                    scores = dict.fromkeys(MASK_SCORES, torch.full((len(image),), torch.nan, device=image.device))
                else:
                    predicted = torch.ones_like(mask) if name == "all_face" else mask
                    scores = mask_scores(predicted, batch["mask"], region)
                columns |= {f"{name}_{region_name}_{key}": value.float() for key, value in scores.items()}
        return columns

    def _shape_columns(self, prediction: FocusPrediction, batch: dict[str, Any]) -> dict[str, Tensor]:
        model, renderer = self._held[0].full_model, self._held[0].face_renderer
        count, device = len(batch["image"]), batch["image"].device
        truth = batch.get("truth")
        if truth is None or any(source != self.model_source for source in truth["model"]):
            nothing = torch.full((count,), torch.nan, device=device)
            rest = ("rigid_error", "mean_face_error", "mean_face_rigid_error")
            return {"shape_error": nothing[:, None], **dict.fromkeys(rest, nothing)}
        true_shape = model.to(device).shape(truth["parameters"]["identity"])
        predicted = renderer.model.neutral(prediction.parameters)
        mean = model.mean.expand_as(true_shape)
        return {
            "shape_error": (align(predicted, true_shape) - true_shape).norm(dim=-1),
            "rigid_error": (align(predicted, true_shape, "rigid") - true_shape).norm(dim=-1).mean(1),
            "mean_face_error": (align(mean, true_shape) - true_shape).norm(dim=-1).mean(1),
            "mean_face_rigid_error": (align(mean, true_shape, "rigid") - true_shape).norm(dim=-1).mean(1),
        }

    def rows(self) -> dict[str, Tensor]:
        """Return all columns, (N,) or (N, V), gathered from all processes."""
        return {name: value.cpu() for name, value in self._tables[0].compute().items()}

    def reset(self) -> None:
        """Forget all rows."""
        self._tables[0].reset()

    def summary(self) -> dict[str, dict[str, float]]:
        """Return {subset: {key: value}} for ``overall``, ``unoccluded``, ``occluded`` and each occluder class."""
        rows = self.rows()
        occluder = rows["occluder"]
        subsets = {"overall": torch.ones_like(occluder, dtype=torch.bool)}
        if bool((occluder >= 0).any()):
            subsets |= {"unoccluded": occluder == 0, "occluded": occluder > 0}
            subsets |= {name: occluder == number for number, name in sorted(self.occluder_names.items()) if number > 0}
        return {
            name: summarise({key: value[chosen] for key, value in rows.items()})
            for name, chosen in subsets.items()
            if bool(chosen.any())
        }

    def headline(self) -> dict[str, float]:
        """Return the few numbers that are worth a curve."""
        summary = self.summary()
        occluded = summary.get("occluded", summary["overall"])
        plain = summary.get("unoccluded", summary["overall"])
        return {
            "mask_f1_occluded": occluded["mask_f1"],
            "mask_f1_all_face_occluded": occluded["mask_f1_all_face"],
            "image_rmse_occluded": occluded["image_rmse"],
            "skill_over_mean_face_unoccluded": plain["skill_over_mean_face"],
            "landmark_error_px": summary["overall"]["landmark_error_px"],
        }


def summarise(rows: dict[str, Tensor]) -> dict[str, float]:
    """Turn rows into the keys that ``experiments.evaluate --json`` writes; errors in mm, RMSE in 1/255."""
    errors = rows["shape_error"].double()
    known = errors[torch.isfinite(errors)]
    per_image = errors.mean(1)
    skill = skill_interval(per_image, rows["mean_face_error"])
    rigid = skill_interval(rows["rigid_error"], rows["mean_face_rigid_error"])
    gain = mean_interval(rows["mask_own_f1"] - rows["all_face_own_f1"])
    nan = float("nan")
    result: dict[str, float] = {"images": len(per_image)}
    for region, suffix in (("own", ""), ("fixed", "_fixed_region")):
        for mask, infix in (("mask", ""), ("all_face", "_all_face"), ("preliminary", "_preliminary")):
            for score in MASK_SCORES:
                key = "occluder_iou" if score == "occluder_iou" else f"mask_{score}"
                result[f"{key}{infix}{suffix}"] = mean_interval(rows[f"{mask}_{region}_{score}"]).mean
    result |= {
        "mask_f1_gain": gain.mean,
        "mask_f1_gain_low": gain.low,
        "mask_f1_gain_high": gain.high,
        "image_rmse": mean_interval(rows["image_rmse"]).mean,
        "landmark_error_px": mean_interval(rows["landmark_error_px"]).mean,
        "shape_error_median_mm": known.median().item() if len(known) else nan,
        "shape_error_mean_mm": known.mean().item() if len(known) else nan,
        "shape_error_std_mm": known.std(unbiased=False).item() if len(known) else nan,
        "shape_error_mean_face_mm": mean_interval(rows["mean_face_error"]).mean,
        "skill_over_mean_face": skill.mean,
        "skill_over_mean_face_low": skill.low,
        "skill_over_mean_face_high": skill.high,
        "shape_error_mean_rigid_mm": mean_interval(rows["rigid_error"]).mean,
        "shape_error_mean_face_rigid_mm": mean_interval(rows["mean_face_rigid_error"]).mean,
        "skill_over_mean_face_rigid": rigid.mean,
    }
    return result


def _landmark_error(rendering: FaceRendering, truth: Tensor, focus: Focus) -> Tensor:
    """Return (B,) mean landmark distance in pixels of a 224-px crop."""
    return (rendering.landmarks - truth).norm(dim=-1).mean(1) * (LANDMARK_SIZE / focus.image_size)


def _numbers(ids: list[str]) -> Tensor:
    """Number samples by their names, so that a sample is known again whichever process saw it."""
    digests = [hashlib.blake2b(name.encode(), digest_size=8).digest() for name in ids]
    return torch.tensor([int.from_bytes(digest, "big") >> 1 for digest in digests], dtype=torch.int64)
