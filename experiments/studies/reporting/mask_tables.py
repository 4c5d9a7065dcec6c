"""What tables of masks share."""

from __future__ import annotations

from experiments.studies.reporting.measured import OUT_OF_DISTRIBUTION, Method

SCORES = {"acc": "ACC", "ppv": "PPV", "tpr": "TPR", "f1": "F1", "occluder_iou": "IoU of the occluder"}


def subsets_of(method: Method) -> list[str]:
    """Return unoccluded, each occluder class, all of them, out of distribution: the columns of a table of masks."""
    return ["unoccluded", *method.families, "occluded", OUT_OF_DISTRIBUTION]
