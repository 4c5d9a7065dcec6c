"""Preparation of photos by the training that needs them, and what tells a folder that was prepared otherwise."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

from datamodules.photos.config import PhotoConfig
from datamodules.photos.manifest import SKIPPED
from datamodules.photos.prepared_folder import PreparedFolder, is_prepared, read_prepared_folder
from datamodules.photos.record import Listing
from seethrough.counting import counted
from seethrough.errors import SeethroughError

LISTING = "listing"
"""Key of ``preparation.json``: the options of a family that decide which faces are listed and how."""
AUTOMATIC = "automatic"
"""Key of ``preparation.json``: true where no one has looked at the table of the command."""


def listing_options(config: PhotoConfig) -> dict[str, Any]:
    """Return the settings that a family adds to those of all photos: layouts, lists, masks, crops."""
    shared = {field.name for field in dataclasses.fields(PhotoConfig)}
    return {field.name: getattr(config, field.name) for field in dataclasses.fields(config) if field.name not in shared}


def refuse_another_preparation(config: PhotoConfig, facts: PreparedFolder) -> None:
    """Refuse a prepared folder that these settings would not have given.

    With ``data.root``, everything must agree, or the folder have all faces that are read all the same. Without, a
    folder is read as it is, but for settings that differ from their defaults: someone has asked for them.

    Raises:
        SeethroughError: names the key, both values, and what to do.
    """
    defaults = {field.name: _default(field) for field in dataclasses.fields(config)}
    noted = facts.settings.get(LISTING)
    pairs = [("detector", facts.detector, config.detector)]
    if isinstance(noted, dict):
        pairs += [(key, noted[key], value) for key, value in listing_options(config).items() if key in noted]
    if config.root:
        pairs.insert(0, ("root", facts.root, config.root))
    for key, before, now in pairs:
        if before == now or (key == "root" and Path(before).resolve() == Path(now).resolve()):
            continue
        if config.root and config.is_served_by(key, before):
            continue
        if config.root or now != defaults[key]:
            moved = "; if it only moved, leave data.root out or mend it in preparation.json" if key == "root" else ""
            raise SeethroughError(
                f"{config.prepared}: prepared with data.{key}={before!r}, now it is {now!r}: choose another "
                f"data.prepared, or prepare it again by `python -m tools.prepare_photos ... --overwrite`{moved}"
            )


def prepare_automatically(config: PhotoConfig, family: str, listing: Listing, say: Callable) -> None:
    """Prepare the photos of ``data.root`` into ``data.prepared``, and say what was left out and why.

    A photo that is damaged and one without a face are both bad, as for ``python -m tools.prepare_photos``. The folder
    is finished all the same; while ``data.skip_bad`` is false, each further run looks whether they were mended.

    Raises:
        SeethroughError: the listing has faults, or photos were left out, and ``data.skip_bad`` is false.
    """
    from datamodules.photos.preparing import carry_out
    from datamodules.photos.preparing.of_config import preparation_of

    report = carry_out(preparation_of(config, family, listing, automatic=True))
    if not report.skipped:
        return
    for why, count in report.why.most_common():
        say(f"{family}: {count} skipped, {why}; first {report.examples[why][0]}")
    why = ", ".join(f"{count}: {reason}" for reason, count in report.why.most_common())
    share = f"{report.skipped:,} of {counted(report.found + report.skipped, 'photo')} skipped"
    names = f"{Path(config.prepared) / SKIPPED} names them"
    if not config.skip_bad:
        raise SeethroughError(
            f"{config.prepared}: {share} ({why}); {names}: mend them, or go on without them by data.skip_bad=true"
        )
    say(f"{config.prepared}: {share} ({why}); {names}")


def is_to_be_prepared(config: PhotoConfig) -> bool:
    """Return whether there is nothing prepared, or photos that an earlier run was stopped for may be mended by now."""
    if not is_prepared(config.prepared):
        return True
    if not config.root or config.skip_bad or config.shards:
        return False
    facts = read_prepared_folder(config.prepared)
    return bool(facts.settings.get(AUTOMATIC) and facts.skipped)


def _default(field: dataclasses.Field) -> Any:
    return field.default_factory() if field.default_factory is not dataclasses.MISSING else field.default
