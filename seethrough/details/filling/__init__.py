"""Filling what occluders hide of a bump map from reference faces (Extreme 3D, Sec. 4.2)."""

from seethrough.details.filling.hole_filling import Filling, fill_from, fill_holes, fills_from
from seethrough.details.filling.holed import Holed
from seethrough.details.filling.reference_set import Reference, ReferenceSet
from seethrough.details.filling.reference_writer import NewReference, ReferenceWriter
from seethrough.details.filling.report import FillingReport, SourceReport
from seethrough.details.filling.search import PRESETS, Candidates, ReferenceSearch, nearest
from seethrough.details.filling.settings import FillSettings
from seethrough.details.filling.viewpoint import Viewpoint, viewpoint_in_focus_crop

__all__ = [
    "PRESETS",
    "Candidates",
    "FillSettings",
    "Filling",
    "FillingReport",
    "Holed",
    "NewReference",
    "Reference",
    "ReferenceSearch",
    "ReferenceSet",
    "ReferenceWriter",
    "SourceReport",
    "Viewpoint",
    "fill_from",
    "fill_holes",
    "fills_from",
    "nearest",
    "viewpoint_in_focus_crop",
]
