"""What lies where in a folder of WebDataset shards: the manifest that finds it, written by reading them once.

A shard is an ordinary tar file, as the package ``webdataset`` reads it: for each face ``KEY.jpg``, ``KEY.mask.png``
where the mask is known, and ``KEY.json``, the row of the manifest.
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from datamodules.photos.faults import Fault
from datamodules.photos.manifest import MANIFEST, SKIPPED, ManifestRow, parse_row, write_manifest
from datamodules.photos.prepared_folder import PreparedFolder, is_prepared, read_prepared_folder
from datamodules.photos.shard_place import ShardPlace
from datamodules.photos.shards import SHARDS
from seethrough.errors import SeethroughError

PLAN = ".shards.json"
"""File in a folder of shards that names all of them; it is written before the first one."""
COMMON = ("data_set", "root", "side", "field", "detector")
"""What the JSON of each face says of the preparation as a whole."""
CROP, MASK, ROW = "jpg", "mask.png", "json"


def ensure_index(folder: str | Path) -> None:
    """Write the manifest of a folder of shards, unless it is there.

    Raises:
        SeethroughError: there are no shards, one is damaged, or one is not there: a killed writing is no data set.
    """
    folder = Path(folder)
    if is_prepared(folder):
        _refuse_absent(folder, [name for name, _ in read_prepared_folder(folder).settings.get(SHARDS, ())])
        return
    shards = sorted(folder.glob("*.tar"))
    if not shards:
        raise SeethroughError(
            f"{folder}: no shards (*.tar); python -m tools.prepare_photos SOURCE --shards N writes them"
        )
    _refuse_absent(folder, planned_shards(folder))
    counts: list[tuple[str, int]] = []
    common: dict[str, Any] = {}

    def rows() -> Iterator[ManifestRow]:
        for shard in shards:
            count = 0
            for row, values in shard_rows(shard):
                common.update(values)
                count += 1
                yield row
            counts.append((shard.name, count))

    try:
        total = write_manifest(folder / MANIFEST, rows())
        PreparedFolder(**common, count=total, skipped=_skipped(folder), settings={SHARDS: counts}).write(folder)
    except OSError as error:
        raise SeethroughError(f"{folder}: the manifest of the shards cannot be written ({error.strerror})") from None


def _skipped(folder: Path) -> int:
    """Count the photos that the preparation left out, as far as the list of them lies beside the shards."""
    try:
        with (folder / SKIPPED).open("rb") as file:
            return sum(1 for _ in file)
    except FileNotFoundError:
        return 0


def planned_shards(folder: Path) -> list[str]:
    """Return the names of the shards that were to be written into a folder; none where nothing says so.

    Raises:
        SeethroughError: the file that names them is damaged.
    """
    if not (folder / PLAN).exists():
        return []
    try:
        return [str(name) for name in json.loads((folder / PLAN).read_text(encoding="utf-8"))["shards"]]
    except (OSError, ValueError, KeyError, TypeError):
        raise SeethroughError(
            f"{folder / PLAN}: does not name the shards; write them again by the same "
            "`python -m tools.prepare_photos SOURCE --shards N`"
        ) from None


def _refuse_absent(folder: Path, names: Sequence[str]) -> None:
    absent = [name for name in names if not (folder / name).is_file()]
    if absent:
        raise SeethroughError(
            f"{folder}: {len(absent)} of {len(names)} shards are not there, the first is {absent[0]}; run the same "
            "`python -m tools.prepare_photos SOURCE --shards N` again, which writes what is missing"
        )


class _Member(NamedTuple):
    place: ShardPlace
    content: bytes | None


def shard_rows(shard: Path) -> Iterator[tuple[ManifestRow, dict[str, Any]]]:
    """Yield the manifest row of each face of a shard, and what its JSON says of the preparation as a whole.

    Raises:
        SeethroughError: the shard is damaged, or holds something else; names shard and face.
    """
    for key, members in _samples(shard):
        where = f"{shard}: {key}"
        if CROP not in members or (content := getattr(members.get(ROW), "content", None)) is None:
            raise SeethroughError(f"{where} has no .{ROW if CROP in members else CROP}; write the shards again")
        try:
            values = json.loads(content)
            common = {name: values["preparation"][name] for name in COMMON}
            del values["preparation"]
        except (ValueError, KeyError, TypeError, AttributeError):
            raise SeethroughError(f"{where}.{ROW} is no row of a manifest; write the shards again") from None
        values["crop"] = str(members[CROP].place)
        values["mask"] = str(members[MASK].place) if MASK in members else None
        row = parse_row(json.dumps(values), f"{where}.{ROW}")
        if isinstance(row, Fault):
            raise SeethroughError(str(row))
        yield row, common


def _samples(shard: Path) -> Iterator[tuple[str, dict[str, _Member]]]:
    """Yield the members of a shard by their suffix, those with one key together."""
    current, members = "", {}
    try:
        with tarfile.open(shard, "r:") as archive:
            for member in archive:
                vars(archive)["members"] = []  # tarfile would keep them all
                key, _, suffix = member.name.partition(".")
                if members and key != current:
                    yield current, members
                    members = {}
                file = archive.extractfile(member) if suffix == ROW else None
                place = ShardPlace(shard.name, member.offset_data, member.size)
                current, members[suffix] = key, _Member(place, file.read() if file else None)
    except (tarfile.TarError, OSError) as error:
        raise SeethroughError(f"{shard}: the shard cannot be read ({error}); write it again") from None
    if members:
        yield current, members
