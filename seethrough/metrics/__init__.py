"""What the evaluation tables are made of."""

from seethrough.metrics.bump_errors import (
    BumpGradientError,
    BumpL1,
    BumpNormalAngle,
    BumpRMSE,
    bump_gradient_error,
    bump_l1,
    bump_rmse,
    normal_angle,
)
from seethrough.metrics.bump_texture import checkerboard, detail_correlation, noise
from seethrough.metrics.images import ImageRMSE, image_rmse
from seethrough.metrics.intervals import MeanInterval, mean_interval, skill_interval
from seethrough.metrics.masks import MaskScores, mask_scores
from seethrough.metrics.now_error import ScanToMeshError
from seethrough.metrics.paired import PairedComparison, paired_comparison, twin_pairs
from seethrough.metrics.scan_to_mesh import ScanToMesh, scan_to_mesh
from seethrough.metrics.shape_scores import SkillOverMeanFace, VertexError
from seethrough.metrics.shapes import align, vertex_errors
from seethrough.metrics.table import PerImageTable

__all__ = [
    "BumpGradientError",
    "BumpL1",
    "BumpNormalAngle",
    "BumpRMSE",
    "ImageRMSE",
    "MaskScores",
    "MeanInterval",
    "PairedComparison",
    "PerImageTable",
    "ScanToMesh",
    "ScanToMeshError",
    "SkillOverMeanFace",
    "VertexError",
    "align",
    "bump_gradient_error",
    "bump_l1",
    "bump_rmse",
    "checkerboard",
    "detail_correlation",
    "image_rmse",
    "mask_scores",
    "mean_interval",
    "noise",
    "normal_angle",
    "paired_comparison",
    "scan_to_mesh",
    "skill_interval",
    "twin_pairs",
    "vertex_errors",
]
