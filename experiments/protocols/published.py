"""Figures that the papers printed, for the columns beside ours.

FOCUS: Li et al., CVPR 2023, and its supplement. Extreme 3D: Tran et al., CVPR 2018. Rows bear the papers' names; FOCUS'
misfit prior is ``-MP`` everywhere, also where Table 5 writes ``FOCUS-MF``.
"""

from __future__ import annotations

from typing import NamedTuple


class Error(NamedTuple):
    """A scan-to-mesh error, mm."""

    median: float
    mean: float
    std: float


class Mask(NamedTuple):
    """Accuracy, precision, recall and F1 of a mask, and the deviation of F1 over images; None where not printed."""

    acc: float | None
    ppv: float | None
    tpr: float | None
    f1: float
    f1_std: float | None


class Verified(NamedTuple):
    """Percent: 100 % - EER, accuracy, nAUC; each with its deviation over folds."""

    eer_complement: tuple[float, float]
    accuracy: tuple[float, float]
    nauc: tuple[float, float]


FOCUS, EXTREME_3D = "FOCUS, CVPR 2023", "Extreme 3D faces, CVPR 2018"

FOCUS_TABLE_1: dict[str, dict[str, tuple[float, float]]] = {
    "MoFA": {
        "unoccluded": (8.77, 0.40), "occluded": (9.20, 0.45), "overall": (8.99, 0.47), "ar": (9.53, 0.33),
    },
    "Backbone-Supervised": {
        "unoccluded": (8.71, 0.38), "occluded": (9.01, 0.45), "overall": (8.86, 0.44), "ar": (9.34, 0.33),
    },
    "Backbone-cutmix": {
        "unoccluded": (8.75, 0.39), "occluded": (9.04, 0.44), "overall": (8.90, 0.44), "ar": (9.33, 0.32),
    },
    "Backbone-cutout": {
        "unoccluded": (8.72, 0.40), "occluded": (8.99, 0.45), "overall": (8.85, 0.45), "ar": (9.28, 0.31),
    },
    "Deep3D": {
        "unoccluded": (8.49, 0.39), "occluded": (8.79, 0.45), "overall": (8.64, 0.44), "ar": (9.11, 0.37),
    },
    "FOCUS": {
        "unoccluded": (8.38, 0.42), "occluded": (8.71, 0.48), "overall": (8.55, 0.48), "ar": (8.93, 0.35),
    },
}  # fmt: skip
"""RMSE in the visible face, /255, with a deviation of which the paper does not say over what it was taken."""

FOCUS_TABLE_2: dict[str, Error] = {
    "MICA": Error(0.90, 1.11, 0.92),
    "Wood et al.": Error(1.02, 1.28, 1.08),
    "DECA": Error(1.09, 1.38, 1.18),
    "RingNet": Error(1.21, 1.53, 1.31),
    "Deep3D": Error(1.23, 1.54, 1.29),
    "3DDFA V2": Error(1.23, 1.57, 1.39),
    "Dib et al.": Error(1.26, 1.57, 1.31),
    "SynergyNet": Error(1.27, 1.59, 1.31),
    "MGCNet": Error(1.31, 1.87, 2.63),
    "PRNet": Error(1.50, 1.98, 1.88),
    "3DMM-CNN": Error(1.84, 2.33, 2.05),
    "FOCUS": Error(1.04, 1.30, 1.10),
    "FOCUS-MP": Error(1.02, 1.28, 1.09),
}
"""NoW, test people."""

FOCUS_TABLE_3: dict[str, tuple[Error, Error]] = {
    "Deep3D": (Error(1.33, 1.67, 1.41), Error(1.40, 1.73, 1.41)),
    "DECA": (Error(1.18, 1.47, 1.24), Error(1.29, 1.56, 1.29)),
    "MoFA": (Error(1.35, 1.69, 1.42), Error(1.36, 1.69, 1.41)),
    "Backbone": (Error(1.21, 1.46, 1.18), Error(1.33, 1.59, 1.27)),
    "Backbone-Supervised": (Error(1.02, 1.25, 1.04), Error(1.05, 1.29, 1.09)),
    "Backbone-cutmix": (Error(1.05, 1.28, 1.04), Error(1.08, 1.33, 1.11)),
    "Backbone-cutout": (Error(1.03, 1.28, 1.06), Error(1.09, 1.34, 1.10)),
    "FOCUS": (Error(1.03, 1.25, 1.03), Error(1.07, 1.34, 1.19)),
    "FOCUS-MP": (Error(1.02, 1.24, 1.02), Error(1.08, 1.34, 1.20)),
}
"""62 pairs of NoW, validation people: without, with an occluder."""

FOCUS_TABLE_4: dict[str, dict[str, Mask]] = {
    "Deep3D": {
        "neutral": Mask(0.88, 0.93, 0.94, 0.93, 0.04),
        "glasses": Mask(0.88, 0.92, 0.92, 0.92, 0.04),
        "scarf": Mask(0.80, 0.80, 0.93, 0.86, 0.05),
    },
    "Egger et al.": {
        "neutral": Mask(None, None, None, 0.90, None),
        "glasses": Mask(None, None, None, 0.87, None),
        "scarf": Mask(None, None, None, 0.86, None),
    },
    "FOCUS": {
        "neutral": Mask(0.88, 0.96, 0.91, 0.93, 0.03),
        "glasses": Mask(0.88, 0.98, 0.85, 0.91, 0.04),
        "scarf": Mask(0.86, 0.97, 0.81, 0.88, 0.05),
    },
}
"""Masks on AR."""

FOCUS_TABLE_5: dict[str, dict[str, Mask]] = {
    "Pretrained": {
        "neutral": Mask(0.75, 0.95, 0.77, 0.85, 0.05),
        "glasses": Mask(0.78, 0.97, 0.72, 0.82, 0.05),
        "scarf": Mask(0.70, 0.89, 0.62, 0.73, 0.07),
    },
    "Baseline": {
        "neutral": Mask(0.81, 0.96, 0.83, 0.89, 0.04),
        "glasses": Mask(0.81, 0.97, 0.76, 0.85, 0.05),
        "scarf": Mask(0.79, 0.96, 0.71, 0.82, 0.07),
    },
    "Neighbor": {
        "neutral": Mask(0.85, 0.95, 0.88, 0.91, 0.04),
        "glasses": Mask(0.84, 0.95, 0.81, 0.87, 0.04),
        "scarf": Mask(0.83, 0.94, 0.79, 0.85, 0.06),
    },
    "Perceptual": {
        "neutral": Mask(0.89, 0.96, 0.92, 0.94, 0.03),
        "glasses": Mask(0.89, 0.98, 0.87, 0.92, 0.04),
        "scarf": Mask(0.87, 0.97, 0.84, 0.90, 0.05),
    },
    "FOCUS": FOCUS_TABLE_4["FOCUS"],
}
"""Masks on AR, ablation."""

FOCUS_TABLE_5_NOW: dict[str, Error] = {
    "Pretrained": Error(1.06, 1.32, 1.14),
    "Baseline": Error(1.06, 1.32, 1.15),
    "Neighbor": Error(1.06, 1.32, 1.15),
    "Perceptual": Error(1.06, 1.32, 1.14),
    "FOCUS": Error(1.05, 1.31, 1.14),
    "FOCUS-MP": Error(1.03, 1.29, 1.12),
}
"""NoW, validation people, all photos."""

FOCUS_SUPPLEMENT_1: dict[str, dict[str, Mask]] = {
    "Deep3D": {
        "unoccluded": Mask(0.95, 0.98, 0.97, 0.97, 0.06),
        "occluded": Mask(0.84, 0.86, 0.96, 0.90, 0.08),
        "overall": Mask(0.89, 0.92, 0.96, 0.93, 0.07),
    },
    "FOCUS": {
        "unoccluded": Mask(0.92, 0.99, 0.93, 0.96, 0.02),
        "occluded": Mask(0.86, 0.95, 0.87, 0.91, 0.06),
        "overall": Mask(0.89, 0.97, 0.90, 0.93, 0.05),
    },
}
"""Masks on CelebA-HQ."""

FOCUS_SUPPLEMENT_2: dict[str, tuple[Error, Error]] = {
    "Backbone-Supervised": (Error(1.02, 1.25, 1.04), Error(1.05, 1.29, 1.09)),
    "Backbone-Supervised-MP": (Error(1.00, 1.23, 1.02), Error(1.03, 1.28, 1.08)),
    "Backbone-cutmix": (Error(1.05, 1.28, 1.04), Error(1.08, 1.33, 1.11)),
    "Backbone-cutmix-MP": (Error(1.04, 1.27, 1.03), Error(1.08, 1.32, 1.10)),
    "Backbone-cutout": (Error(1.03, 1.28, 1.06), Error(1.09, 1.34, 1.10)),
    "Backbone-cutout-MP": (Error(1.02, 1.25, 1.04), Error(1.08, 1.32, 1.09)),
}
"""As Table 3: without, with an occluder."""

EXTREME_3D_TABLE_1: dict[str, Verified] = {
    "all": Verified((89.40, 1.52), (89.36, 1.25), (95.90, 0.95)),
    "with an occluder": Verified((86.96, 1.70), (87.86, 1.35), (94.09, 0.86)),
    "without": Verified((90.30, 0.83), (89.91, 0.86), (96.46, 0.44)),
}
"""Foundation shape on LFW: all pairs, those with at least one occluded face, those with none."""

EXTREME_3D_TABLE_1_BUMPS: dict[str, Verified] = {
    "whole": Verified((92.76, 1.34), (92.76, 1.22), (98.17, 0.63)),
    "black squares": Verified((75.66, 2.00), (75.96, 1.98), (83.73, 1.86)),
    "filled": Verified((83.87, 1.79), (84.06, 1.96), (91.87, 1.43)),
}
"""Bump maps of LFW's photos: as they are, with black squares of 75 px in 500, and these filled from examples."""
