"""Shape from shading: the depth of a foundation refined by the shading of its photo."""

from seethrough.details.shading.refinement import ShadingResult, refine_depth
from seethrough.details.shading.settings import PRESETS, ShadingSettings, shading_preset

__all__ = ["PRESETS", "ShadingResult", "ShadingSettings", "refine_depth", "shading_preset"]
