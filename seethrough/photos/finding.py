"""Which photos the words of a command line name."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from seethrough.errors import SeethroughError
from seethrough.photos.reading import PHOTO_SUFFIXES, UNREAD_SUFFIXES


def find_photos(sources: Iterable[str | Path]) -> list[Path]:
    """List the photos that files, folders and lists name, in order and without repetitions.

    A folder gives every photo below it (sorted, hidden ones left out); a ``.txt`` file gives one path a line, relative
    to the list's own folder, ``#`` starting a comment; every other path is taken as a photo, whether it exists or not,
    so that a missing one can be reported in its turn.

    Raises:
        SeethroughError: a folder without photos, a list that is missing, empty or no text.
    """
    found: dict[Path, None] = {}
    for source in map(Path, sources):
        if source.is_dir():
            inside = [p for p in sorted(source.rglob("*")) if p.suffix.lower() in PHOTO_SUFFIXES + UNREAD_SUFFIXES]
            inside = [p for p in inside if not any(part.startswith(".") for part in p.relative_to(source).parts)]
            inside = without_converted(p for p in inside if p.is_file())
            if not inside:
                raise SeethroughError(f"{source}: no photo in this folder; looked for {' '.join(PHOTO_SUFFIXES)}")
            found.update(dict.fromkeys(inside))
        elif source.suffix.lower() == ".txt":
            found.update(dict.fromkeys(_listed(source)))
        else:
            found[source] = None
    return list(found)


def without_converted(paths: Iterable[Path]) -> list[Path]:
    """Leave out what cannot be read and lies there under the same name in a format that can; told one by one if not."""
    paths = list(paths)
    stems = {path.with_suffix("") for path in paths if path.suffix.lower() not in UNREAD_SUFFIXES}
    return [p for p in paths if p.suffix.lower() not in UNREAD_SUFFIXES or p.with_suffix("") not in stems]


def _listed(path: Path) -> list[Path]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError as error:
        raise SeethroughError(f"{path}: no such list; give a text file with one photo path a line") from error
    except (OSError, UnicodeDecodeError) as error:
        raise SeethroughError(f"{path}: the list cannot be read as UTF-8 text; one photo path a line") from error
    names = [line.strip() for line in lines]
    photos = [path.parent / name for name in names if name and not name.startswith("#")]
    if not photos:
        raise SeethroughError(f"{path}: the list names no photo; write one path a line")
    return photos
