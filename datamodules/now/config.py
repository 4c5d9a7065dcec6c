"""Settings of the NoW challenge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from datamodules.photos.config import PhotoConfig


@dataclass
class NowConfig(PhotoConfig):
    """Settings of :class:`~datamodules.now.datamodule.NowDataModule`."""

    root: str = ""
    """The data set: the folder with imagepathsvalidation.txt or imagepathstest.txt, and iphone_pictures in it or in
    its final_release_version."""
    prepared: str = "data/prepared/now"
    """Folder of aligned crops that `python -m tools.prepare_photos` writes; what evaluations read."""
    lists: Literal["all", "validation", "test"] = "all"
    """Which photos to list: of the validation people, whose scans are public, of the test people, or of all lists that
    are there."""
    test_split: Literal["test", "validation", "train", "all"] = "validation"
    """Which faces an evaluation is of: those of the list `validation`, of `test`, or of both."""
    crop: Literal["landmarks", "box"] = "landmarks"
    """What a crop follows: `landmarks` as in all data sets, or `box` for a square of 1.6 times the mean side of the
    data set's own box of the face."""

    def is_served_by(self, key: str, prepared: object) -> bool:
        """Return whether a folder of some of the people has those that are evaluated."""
        return key == "lists" and self.lists == "all" and prepared == self.test_split
