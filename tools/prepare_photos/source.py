"""What a command's SOURCE means: a data config with overrides, or a folder, a photo, a list."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.config.arguments import split_words
from experiments.config.sources import config_names
from experiments.config.suggestions import did_you_mean
from seethrough.errors import SeethroughError

if TYPE_CHECKING:
    from datamodules.photos.config import PhotoConfig
    from datamodules.photos.datamodule import PhotoDataModule
    from datamodules.photos.record import Listing

# Configs of data refer to the picture size of a model, so there must be one; nothing else of it is used.
METHOD = "focus"
_NO_PHOTOS = "{}: this data set is not made of photos, so there is nothing to prepare"


@dataclass(frozen=True)
class Source:
    """A data set that is to be prepared."""

    data: PhotoDataModule

    @property
    def config(self) -> PhotoConfig:
        """Settings of the data set."""
        return self.data.config

    @property
    def name(self) -> str:
        """Name of the family."""
        return self.data.family

    def listing(self) -> Listing:
        """Return all faces of the raw tree.

        Raises:
            SeethroughError: the tree is missing, or cannot be listed at all.
        """
        if not self.config.root:
            raise SeethroughError(f"data/{self.name}: say where the data set lies, by data.root=FOLDER")
        if not Path(self.config.root).exists():
            raise SeethroughError(f"{self.config.root}: no such file or folder; check data.root")
        return self.data.listing()


def read_source(words: list[str], skip_bad: bool) -> Source:
    """Compose the data set that the words of a command line name.

    Args:
        words: one data config or one path, and ``key=value`` overrides.
        skip_bad: the flag of the command, which stands for ``data.skip_bad=true``.

    Raises:
        SeethroughError: the words name no data set, or several, or one that has no photos.
    """
    from experiments.config.choosing import selected
    from experiments.config.composition import compose
    from experiments.config.registry import DATA_SETS

    names, overrides = split_words(words)
    overrides += ["data.skip_bad=true"] * skip_bad
    configs = [name for name in names if _is_config(name)]
    paths = [name for name in names if name not in configs]
    for name in configs:
        if Path(name).is_dir() and not any(override.startswith("data.root=") for override in overrides):
            raise SeethroughError(
                f"{name} is a data config and a folder here: write ./{name} for the photos in the folder, "
                f"or add data.root={name}"
            )
    if len(paths) > 1 or (paths and configs):
        raise SeethroughError(
            f"{' '.join(names)}: give one source; photos from several places can stand in a .txt list, one path a line"
        )
    if paths:
        if not Path(paths[0]).exists():
            data_sets = [name for name in config_names() if name.startswith("data/")]
            raise SeethroughError(f"{paths[0]}: no such file, folder or data config{did_you_mean(paths[0], data_sets)}")
        configs, overrides = ["data/photos"], [f"data.root={_quoted(paths[0])}", *overrides]
    chosen = DATA_SETS.get(selected([METHOD, *configs], overrides)[1] or "")
    if chosen is not None and not chosen.fits(METHOD):
        raise SeethroughError(_NO_PHOTOS.format(" ".join(names)))
    composition = compose([METHOD, *configs], overrides)  # before Lightning is imported: a mistake is told at once

    from datamodules.photos.datamodule import PhotoDataModule
    from experiments.building import build_data

    data = build_data(composition)

    if not isinstance(data, PhotoDataModule):
        raise SeethroughError(_NO_PHOTOS.format(" ".join(names)))
    return Source(data)


def _is_config(name: str) -> bool:
    return name in config_names() or name.endswith(".yaml")


def _quoted(path: str) -> str:
    """Return a path as a YAML text, whatever characters it has."""
    return "'" + path.replace("'", "''") + "'"
