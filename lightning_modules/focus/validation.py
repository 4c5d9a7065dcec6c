"""The few numbers of a validation during training that are worth a curve."""

from __future__ import annotations

import warnings
from typing import Any

import torch
from torch import Tensor

from lightning_modules.focus.evaluation import LANDMARK_SIZE
from lightning_modules.focus.mask_columns import MaskName
from lightning_modules.focus.torch_model import Focus, FocusPrediction
from seethrough.fitting.skin_colour import skin_colour_mask
from seethrough.losses import preliminary_mask
from seethrough.metrics import ImageRMSE, MaskScores, PerImageTable, SkillOverMeanFace, VertexError
from seethrough.metrics.table import numbered

_OVERALL, _OCCLUDED, _UNOCCLUDED = "overall", "occluded", "unoccluded"
_SUBSETS = (_OVERALL, _OCCLUDED, _UNOCCLUDED)


class ValidationScores:
    """Means over the validation images of all processes, none counted twice.

    Where no image is known to be occluded (unoccluded), the numbers of these images are those of all images. NaN stands
    for what data do not know: masks and shapes of photos.

    Args:
        focus: the networks; scored as they are when :meth:`update` is called.
        model_source: name or path of the fitted face model; shapes of data of another one are not scored.
        threshold: xi of the preliminary mask.
        mask: the run's own mask, see :class:`~lightning_modules.focus.evaluation.FocusEvaluation`.
    """

    def __init__(self, focus: Focus, model_source: str, threshold: float, mask: MaskName = "segmentation") -> None:
        # In a list and a dictionary: neither a second registration of the networks, nor states in checkpoints.
        self._held = [focus]
        self.model_source, self.threshold, self.mask = model_source, threshold, mask
        mean = focus.full_model.mean
        self._masks = {subset: MaskScores() for subset in _SUBSETS}
        self._all_face = {subset: MaskScores() for subset in _SUBSETS}
        self._colours = {subset: ImageRMSE() for subset in _SUBSETS}
        self._skill = {subset: SkillOverMeanFace(mean) for subset in (_OVERALL, _UNOCCLUDED)}
        self._shapes = VertexError(len(mean))
        self._landmarks = PerImageTable(["landmark_error_px"])

    @torch.no_grad()
    def update(self, batch: dict[str, Any]) -> None:
        """Predict a batch and add its images."""
        focus = self._held[0]
        image, truth = batch["image"], batch.get("truth")
        prediction = focus.predict(image)
        rendering = prediction.rendering
        index = numbered(batch["id"], image.device)
        occluder = truth["occluder"] if truth else torch.full_like(index, -1)
        chosen = {
            _OVERALL: torch.ones_like(index, dtype=torch.bool),
            _OCCLUDED: occluder > 0,
            _UNOCCLUDED: occluder == 0,
        }
        landmarks = truth["landmarks"] if truth else batch["landmarks"]
        errors = (rendering.landmarks - landmarks).norm(dim=-1).mean(1) * (LANDMARK_SIZE / focus.image_size)
        self._landmarks.update(index, landmark_error_px=errors)
        if "mask" in batch:
            true, own = batch["mask"], self._own_mask(prediction, image)
            for subset, rows in chosen.items():
                inside = rendering.mask[rows]
                self._masks[subset].update(index[rows], own[rows], true[rows], inside)
                self._all_face[subset].update(index[rows], inside, true[rows], inside)
                self._colours[subset].update(index[rows], image[rows], rendering.image[rows], true[rows] * inside)
        if truth and all(source == self.model_source for source in truth["model"]):
            true = focus.full_model.to(image.device).shape(truth["parameters"]["identity"])
            neutral = focus.neutral(prediction.parameters)
            for subset, metric in self._skill.items():
                metric.update(index[chosen[subset]], neutral[chosen[subset]], true[chosen[subset]])
            plain = chosen[_UNOCCLUDED]
            self._shapes.update(index[plain], neutral[plain], true[plain])

    def _own_mask(self, prediction: FocusPrediction, image: Tensor) -> Tensor:
        rendering = prediction.rendering
        if self.mask == "segmentation":
            return prediction.mask
        if self.mask == "preliminary":
            return preliminary_mask(image, rendering.image, rendering.mask, self.threshold)
        return rendering.mask * skin_colour_mask(image) if self.mask == "skin" else rendering.mask

    def compute(self) -> dict[str, float]:
        """Return the scores of all images, gathered from all processes: each of them has to call this."""
        with warnings.catch_warnings():
            # Photos without masks and shapes leave most of them empty, as does a process without an image.
            warnings.filterwarnings("ignore", message=".*was called before the ``update`` method.*")
            masks = {subset: metric.compute() for subset, metric in self._masks.items()}
            all_face = {subset: metric.compute() for subset, metric in self._all_face.items()}
            colours = {subset: metric.compute() for subset, metric in self._colours.items()}
            skill = {subset: metric.compute() for subset, metric in self._skill.items()}
            shapes, landmarks = self._shapes.compute(), self._landmarks.compute()["landmark_error_px"]
        hidden = _OCCLUDED if masks[_OCCLUDED]["images"] else _OVERALL
        visible = _UNOCCLUDED if masks[_UNOCCLUDED]["images"] else _OVERALL
        plain = _UNOCCLUDED if skill[_UNOCCLUDED]["images"] else _OVERALL
        scores = {
            "mask_f1_occluded": masks[hidden]["f1"],
            "mask_f1_all_face_occluded": all_face[hidden]["f1"],
            "mask_f1_unoccluded": masks[visible]["f1"],
            "image_rmse_occluded": colours[hidden]["image_rmse"],
            "image_rmse_unoccluded": colours[visible]["image_rmse"],
            "skill_over_mean_face_unoccluded": skill[plain]["skill"],
            "shape_error_median_unoccluded_mm": shapes["median_mm"],
            "landmark_error_px": landmarks.double().nanmean(),
        }
        return {name: float(value) for name, value in scores.items()}

    def reset(self) -> None:
        """Forget all images."""
        by_subset = (self._masks, self._all_face, self._colours, self._skill)
        for metric in (*(each for group in by_subset for each in group.values()), self._shapes, self._landmarks):
            metric.reset()
