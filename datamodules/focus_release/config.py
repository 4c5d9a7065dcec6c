"""Settings of folders that are laid out for the released FOCUS code."""

from __future__ import annotations

from dataclasses import dataclass

from datamodules.photos.config import PhotoConfig


@dataclass
class FocusReleaseConfig(PhotoConfig):
    """Settings of :class:`~datamodules.focus_release.datamodule.FocusReleaseDataModule`."""

    root: str = ""
    """Folder with `Dataset`, `train_landmarks.csv`, `val_landmarks.csv` and `test_landmarks.csv`; or the folder of
    photos itself with the tables beside it or, as `nowchallenge_landmarks.csv`, in it."""
    prepared: str = "data/prepared/focus_release"
    """Folder of aligned crops that `python -m tools.prepare_photos` writes; what trainings and evaluations read."""
    test_table: str = ""
    """Another landmark table to take the test photos from, as the release's `--landmark_list_name`."""
