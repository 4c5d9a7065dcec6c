"""A preparation that is killed with SIGKILL, again and again, ends with the files of an undisturbed one."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from datamodules.photos.manifest import read_manifest
from datamodules.photos.preparing import prepare
from datamodules.photos.preparing.journal import Journal
from datamodules.photos.record import Listing
from tests.datamodules.photos.preparing.small_photos import SETTINGS, made_listing

COUNT, BROKEN = 160, (5, 77, 78, 140)


@dataclass(frozen=True)
class Moment:
    """What a process does last.

    Attributes:
        kind: part of the path of the files that count.
        number: of the file among them, the first being 1.
        before: the process dies before the file has its name, not after.
    """

    kind: str
    number: int
    before: bool

    def reached(self, path: Path) -> bool:
        return self.kind in path.as_posix()


MOMENTS = [
    Moment("/purpose.json", 1, True),
    Moment("/purpose.json", 1, False),
    Moment("/crops/", 1, True),
    Moment("/crops/", 3, False),
    Moment("/masks/", 7, True),
    Moment("/chunks/", 1, True),
    Moment("/chunks/", 2, False),
    Moment("/crops/", 11, True),
    Moment("/chunks/", 5, False),
    Moment("/manifest.jsonl", 1, True),
    Moment("/manifest.jsonl", 1, False),
    Moment("/contact_sheet.jpg", 1, False),
    Moment("/preparation.json", 1, True),
    Moment("/preparation.json", 1, False),
]
BEFORE, WITHIN, AFTER = MOMENTS[:2], MOMENTS[2:9], MOMENTS[9:]


def listing() -> Listing:
    return made_listing(COUNT, BROKEN)


def changed_listing() -> Listing:
    """The same ids, their faces elsewhere in the photo, and some more."""
    return Listing([replace(r, landmarks=r.landmarks + 4) for r in made_listing(COUNT + 9).records])


def prepare_made(out: Path, made: Listing | None = None) -> None:
    prepare(made or listing(), out, SETTINGS, "made", "made", jobs=1, progress=False)


def files(out: Path) -> dict[str, bytes]:
    return {p.relative_to(out).as_posix(): p.read_bytes() for p in sorted(out.rglob("*")) if p.is_file()}


def _prepare_and_die(out: Path, moment: Moment, make_listing: Callable[[], Listing]) -> None:
    """Prepare until a certain file is about to appear, or has; then die as kill -9 lets a process die."""
    replace_file, left = os.replace, moment.number

    def dying(source: Path, target: Path) -> None:
        nonlocal left
        left -= moment.reached(Path(target))
        if left == 0 and moment.before:
            os.kill(os.getpid(), signal.SIGKILL)
        replace_file(source, target)
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    os.replace = dying
    prepare_made(out, make_listing())


def killed(out: Path, moment: Moment, make_listing: Callable[[], Listing] = listing) -> int:
    """Kill a preparation at a moment; returns how many chunks are finished then."""
    process = multiprocessing.get_context("fork").Process(target=_prepare_and_die, args=(out, moment, make_listing))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL, f"it came to its end without {moment}"
    return len(list(Journal(out).keys()))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    out = tmp_path_factory.mktemp("undisturbed")
    prepare_made(out)
    return files(out)


def check(out: Path, expected: dict[str, bytes]) -> None:
    prepare_made(out)
    found = files(out)
    assert found.keys() == expected.keys()
    assert found == expected
    identifiers = [row.id for row in read_manifest(out / "manifest.jsonl")]
    assert len(identifiers) == len(set(identifiers)) == COUNT - len(BROKEN)


def test_killed_again_and_again_on_the_way(tmp_path: Path, undisturbed: dict[str, bytes]) -> None:
    progress = [killed(tmp_path, moment) for moment in MOMENTS]
    assert progress == sorted(progress), "what was finished stays finished"
    before, within, after = (
        progress[: len(BEFORE)], progress[len(BEFORE) : -len(AFTER)], progress[-len(AFTER) :],
    )  # fmt: skip
    assert set(before) == {0}
    assert len({count for count in within if 0 < count < after[0]}) >= 3, "kills fall between the chunks"
    assert set(after) == {after[0]}
    check(tmp_path, undisturbed)


@pytest.mark.parametrize("finished", [False, True])
def test_killed_with_another_listing_in_between(tmp_path: Path, undisturbed: dict[str, bytes], finished: bool) -> None:
    if finished:
        prepare_made(tmp_path)
    else:
        assert killed(tmp_path, Moment("/chunks/", 6, False)) == 6
    assert 0 < killed(tmp_path, Moment("/chunks/", 3, False), changed_listing) < 9
    killed(tmp_path, Moment("/crops/", 13, False), changed_listing)
    killed(tmp_path, Moment("/crops/", 5, True))
    check(tmp_path, undisturbed)


@pytest.mark.parametrize("moment", [Moment("/purpose.json", 1, False), Moment("/chunks/", 1, False)])
def test_finished_folder_that_is_taken_up_again_and_killed(
    tmp_path: Path, undisturbed: dict[str, bytes], moment: Moment
) -> None:
    prepare_made(tmp_path)
    next(tmp_path.glob("crops/*/000012.jpg")).unlink()
    killed(tmp_path, moment)
    check(tmp_path, undisturbed)


@pytest.mark.slow
@pytest.mark.parametrize("moment", MOMENTS, ids=str)
def test_killed_once(tmp_path: Path, undisturbed: dict[str, bytes], moment: Moment) -> None:
    killed(tmp_path, moment)
    check(tmp_path, undisturbed)
