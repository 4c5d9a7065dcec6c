"""From a listing to a prepared folder: detection, alignment, crops, one manifest."""

from datamodules.photos.preparing.carrying_out import carry_out, prepare
from datamodules.photos.preparing.report import PreparationReport
from datamodules.photos.preparing.run import PreparationRun
from datamodules.photos.preparing.settings import PreparationSettings

__all__ = ["PreparationReport", "PreparationRun", "PreparationSettings", "carry_out", "prepare"]
