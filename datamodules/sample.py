"""The one sample that every data set yields, and a check of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

import torch
from torch import Tensor

from seethrough.morphable import FaceParameters

LANDMARK_COUNT = 68
UNKNOWN_IDENTITY = -1


class Truth(TypedDict):
    """What only a synthetic sample knows about itself; batched, every tensor gains a leading B.

    The six coefficient tensors are those of :class:`~seethrough.morphable.FaceParameters` for the *generating* model
    (``truth_model`` of the data module), which usually has more modes than the model that is fitted. Vertices, depth
    and normals follow from model and coefficients and are not stored.
    """

    parameters: dict[str, Tensor]
    """``identity (I,), expression (E,), albedo (A,), illumination (27,), rotation (3,) rad, translation (3,) mm``."""
    model: str
    """The generating face model, as the settings name it; coefficients of one model mean nothing to another."""
    landmarks: Tensor
    """(68, 2) px, the projected model landmarks without the detector noise of ``Sample.landmarks``."""
    landmark_visible: Tensor
    """(68,) bool: neither turned away, nor behind the face itself, nor under the occluder."""
    full_face: Tensor
    """(1, H, W) amodal mask: 1 wherever the face would be seen if nothing stood before it."""
    occluder: Tensor
    """() int64 occluder class, an index into ``datamodules.synthetic.families.OCCLUDER_NAMES``; 0 is none."""
    occluder_name: str
    """The name of that class."""
    subset: str
    """``clean`` or ``occluded``, with ``ood_`` before it for what training has nothing like."""
    twin: str
    """``id`` of the sample of the same scene with (or without) its occluder; empty where there is none."""


class Sample(TypedDict, total=False):
    """One face crop; ``image``, ``landmarks`` and ``id`` are always there, the rest where the data set knows it."""

    image: Tensor
    """(3, H, W) float32 RGB in [0, 1], row 0 on top."""
    landmarks: Tensor
    """(68, 2) float32 detected landmarks in iBUG order, (x, y) px, centre of the top left pixel at (0.5, 0.5)."""
    mask: Tensor
    """(1, H, W) float32, 1 = visible face."""
    id: str
    """Unique within the data set; usable as a file name."""
    identity: Tensor
    """() int64 number of the person; ``UNKNOWN_IDENTITY`` where a data set does not know some of its people."""
    bump: Tensor
    """(1, H, W) float32 mm towards the camera: depth of the foundation less that of the detailed face."""
    depth: Tensor
    """(1, H, W) float32 mm, depth of the foundation, camera frame; 0 where it is not known."""
    focal: Tensor
    """() float32 px of the camera that the depth was seen with; its axis meets the middle of the picture."""
    subset: str
    """Name of the evaluation subset that the data set puts the photo in; empty where it belongs to none."""
    truth: Truth
    """Synthetic samples only."""


REQUIRED = ("image", "landmarks", "id")
OPTIONAL = ("mask", "identity", "bump", "depth", "focal", "subset", "truth")


def check_sample(sample: Mapping[str, Any]) -> None:
    """Check keys, shapes, types and ranges of one sample against :class:`Sample`.

    Raises:
        ValueError: names the sample, the key, and what was expected of it.
    """
    name = sample.get("id")
    for key in REQUIRED:
        if key not in sample:
            raise ValueError(f"sample {name!r} lacks {key!r}")
    for key in sample:
        if key not in REQUIRED + OPTIONAL:
            raise ValueError(f"sample {name!r} has an unknown key {key!r}; known: {', '.join(REQUIRED + OPTIONAL)}")

    def expect(condition: bool, key: str, wanted: str) -> None:
        if not condition:
            raise ValueError(f"sample {name!r}: {key} must be {wanted}")

    def expect_tensor(value: Any, key: str, shape: tuple[int, ...], dtype: torch.dtype) -> None:
        good = isinstance(value, Tensor) and tuple(value.shape) == shape and value.dtype == dtype
        got = f"{tuple(value.shape)} {value.dtype}" if isinstance(value, Tensor) else type(value).__name__
        expect(good, key, f"a {shape} {dtype} tensor, it is {got}")

    expect(isinstance(name, str) and name != "" and "/" not in name, "id", "a non-empty string that can name a file")
    image = sample["image"]
    expect(isinstance(image, Tensor) and image.ndim == 3, "image", "a (3, H, W) tensor")
    height, width = image.shape[1:]
    expect_tensor(image, "image", (3, height, width), torch.float32)
    expect(bool(torch.isfinite(image).all()) and bool(((image >= 0) & (image <= 1)).all()), "image", "within [0, 1]")
    expect_tensor(sample["landmarks"], "landmarks", (LANDMARK_COUNT, 2), torch.float32)
    expect(bool(torch.isfinite(sample["landmarks"]).all()), "landmarks", "finite")
    masks = {"mask": sample["mask"]} if "mask" in sample else {}
    if "truth" in sample:
        masks["truth.full_face"] = sample["truth"]["full_face"]
    for key, mask in masks.items():
        expect_tensor(mask, key, (1, height, width), torch.float32)
        expect(bool(((mask >= 0) & (mask <= 1)).all()), key, "within [0, 1]")
    for key in ("bump", "depth"):
        if key in sample:
            expect_tensor(sample[key], key, (1, height, width), torch.float32)
            expect(bool(torch.isfinite(sample[key]).all()), key, "finite")
    if "focal" in sample:
        expect_tensor(sample["focal"], "focal", (), torch.float32)
        expect(float(sample["focal"]) > 0, "focal", "positive")
    if "identity" in sample:
        expect_tensor(sample["identity"], "identity", (), torch.int64)
    expect(isinstance(sample.get("subset", ""), str), "subset", "a string")
    if "truth" in sample:
        truth = sample["truth"]
        for key in Truth.__annotations__:
            expect(key in truth, f"truth.{key}", "there")
        for key in FaceParameters.__dataclass_fields__:
            expect(key in truth["parameters"], f"truth.parameters.{key}", "there")
            expect(bool(torch.isfinite(truth["parameters"][key]).all()), f"truth.parameters.{key}", "finite")
        expect_tensor(truth["landmarks"], "truth.landmarks", (LANDMARK_COUNT, 2), torch.float32)
        expect_tensor(truth["landmark_visible"], "truth.landmark_visible", (LANDMARK_COUNT,), torch.bool)
        expect_tensor(truth["occluder"], "truth.occluder", (), torch.int64)
        if "mask" in sample:
            inside = bool((sample["mask"] <= truth["full_face"]).all())
            expect(inside, "mask", "inside truth.full_face: no visible face where there is no face")


def true_parameters(batch: Mapping[str, Any]) -> FaceParameters:
    """Return the truth of a batch of synthetic samples as :class:`FaceParameters` of the generating model."""
    return FaceParameters(**batch["truth"]["parameters"])
