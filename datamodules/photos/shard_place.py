"""Where in a shard a file lies, as the manifest of shards writes it: ``train-000003.tar:1536:20480``."""

from __future__ import annotations

import re
from typing import NamedTuple

_PLACE = re.compile(r"([^/:]+\.tar):(\d+):(\d+)")


class ShardPlace(NamedTuple):
    """A file within a tar file."""

    shard: str
    """Name of the tar file."""
    offset: int
    """Of the first byte."""
    length: int
    """Bytes."""

    def __str__(self) -> str:
        """Return the text of the manifest."""
        return f"{self.shard}:{self.offset}:{self.length}"

    @classmethod
    def parse(cls, path: str) -> ShardPlace | None:
        """Read the text of a manifest; None for the path of a file of its own."""
        found = _PLACE.fullmatch(path)
        return cls(found[1], int(found[2]), int(found[3])) if found else None
