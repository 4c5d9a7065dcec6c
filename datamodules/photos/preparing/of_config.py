"""The preparation that the settings of a data set ask for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from datamodules.photos.automatic_preparation import AUTOMATIC, LISTING, listing_options
from datamodules.photos.config import PhotoConfig
from datamodules.photos.preparing.run import PreparationRun
from datamodules.photos.preparing.settings import PreparationSettings
from datamodules.photos.record import Listing


def preparation_of(
    config: PhotoConfig,
    family: str,
    listing: Listing,
    *,
    out: str | Path | None = None,
    automatic: bool = False,
    say: Callable[[str], None] = print,
) -> PreparationRun:
    """Return a preparation that notes the options of its data set, for later runs to compare.

    Args:
        config: of the data set.
        family: its name.
        listing: its faces.
        out: folder to prepare; ``data.prepared`` where it is not given.
        automatic: a training prepares its own photos, and nobody will look at the table.
        say: takes one line.

    Raises:
        SeethroughError: the listing has faults or no face.
    """
    noted = {LISTING: listing_options(config), **({AUTOMATIC: True} if automatic else {})}
    settings = PreparationSettings(config.stored_side, config.stored_field, config.detector)
    return PreparationRun(
        listing, out or config.prepared, data_set=family, root=config.root, settings=settings,
        skip_bad=config.skip_bad, noted=noted, say=say,
    )  # fmt: skip
