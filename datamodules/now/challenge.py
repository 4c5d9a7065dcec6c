"""The lists and folders of the NoW challenge: which photo is where, and the scan it is measured against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from datamodules.photos.faults import Fault
from seethrough.errors import SeethroughError

SPLITS = ("validation", "test")
CHALLENGES = ("multiview_neutral", "multiview_expressions", "multiview_occlusions", "selfie")
RELEASE = "final_release_version"
PHOTOS = "iphone_pictures"
BOXES = "detected_face"
_SEPARATOR = "__"


@dataclass(frozen=True)
class ChallengeImage:
    """One photo of the challenge, ``SUBJECT/CHALLENGE/NAME.jpg``."""

    path: str

    @property
    def subject(self) -> str:
        """The person."""
        return self.path.split("/")[0]

    @property
    def challenge(self) -> str:
        """What is difficult, one of :data:`CHALLENGES`."""
        return self.path.split("/")[1]

    @property
    def stem(self) -> str:
        """The path without its suffix: where the prediction lies below the predictions."""
        return self.path.rsplit(".", 1)[0]

    @property
    def id(self) -> str:
        """The stem as the id of a sample: ``SUBJECT__CHALLENGE__NAME``."""
        return self.stem.replace("/", _SEPARATOR)


def prediction_stem(sample_id: str) -> str:
    """Return ``SUBJECT/CHALLENGE/NAME`` of a sample's id: where its prediction belongs, without a suffix.

    Raises:
        SeethroughError: no id of a photo of the challenge.
    """
    parts = sample_id.split(_SEPARATOR)
    if len(parts) != 3 or not all(parts) or "/" in sample_id or ".." in parts:
        raise SeethroughError(
            f"{sample_id!r} is no sample of NoW: expected SUBJECT{_SEPARATOR}CHALLENGE{_SEPARATOR}NAME"
        )
    return "/".join(parts)


def find_list(dataset: Path, split: str | None = None) -> Path:
    """Return the file that lists the photos of a split; without one named, of the first whose list is there.

    Raises:
        SeethroughError: no such folder, or no list in it or in its ``final_release_version``.
    """
    if not dataset.is_dir():
        raise SeethroughError(f"there is no folder {dataset}: name the NoW data set, with its scans")
    names = [f"imagepaths{name}.txt" for name in ([split] if split else SPLITS)]
    for name in names:
        for folder in (dataset, dataset / RELEASE):
            if (folder / name).is_file():
                return folder / name
    raise SeethroughError(f"{dataset} has no {' or '.join(names)}: is it the NoW data set?")


def read_list(path: Path) -> tuple[list[tuple[int, ChallengeImage]], list[Fault]]:
    """Return the photos that a list names, each with its row (from 1), and the rows that are wrong.

    A row with a fault is left out; of a photo that is named twice the first row counts.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SeethroughError(f"{path}: the list cannot be read ({str(error)[:80]}); get it again") from None
    images: list[tuple[int, ChallengeImage]] = []
    faults: list[Fault] = []
    rows: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        name = line.strip().replace("\\", "/").removeprefix("./")
        if not name:
            continue
        parts = name.split("/")
        where = f"{path} row {number}"
        if len(parts) != 3 or "." not in parts[2] or _SEPARATOR in name or any(part in ("", "..") for part in parts):
            faults.append(
                Fault(where, f"{name[:60]!r} is not SUBJECT/CHALLENGE/IMAGE.jpg; mend the row or get the list again")
            )
        elif (image := ChallengeImage(name)).id in rows:
            what = f"{name} is already in row {rows[image.id]}; remove one of them"
            faults.append(Fault(where, what, f"{image.id}{_SEPARATOR}row{number}"))
        else:
            rows[image.id] = number
            images.append((number, image))
    return images, faults


def challenge_images(dataset: Path, split: str | None = None) -> list[ChallengeImage]:
    """Return the photos of a split; without one named, of the first whose list is there.

    Raises:
        SeethroughError: no list, an empty one, or a row in it that is no path of a photo.
    """
    path = find_list(dataset, split)
    images, faults = read_list(path)
    if faults:
        raise SeethroughError(str(faults[0]))
    if not images:
        raise SeethroughError(f"{path} names no images")
    return [image for _, image in images]


def scan_files(dataset: Path, subject: str) -> tuple[Path, Path]:
    """Return a person's scan and the file with its seven landmarks.

    Raises:
        SeethroughError: one of them is missing, or there are several.
    """
    roots = (dataset, dataset / RELEASE)
    root = next((root for root in roots if (root / "scans").is_dir()), dataset)
    return (
        _only_file(root / "scans" / subject, (".obj", ".ply")),
        _only_file(root / "scans_lmks_onlypp" / subject, (".pp",)),
    )


def _only_file(folder: Path, suffixes: Sequence[str]) -> Path:
    found = sorted(path for path in folder.glob("*") if path.suffix.lower() in suffixes) if folder.is_dir() else []
    if len(found) != 1:
        kinds = " or ".join(suffixes)
        raise SeethroughError(f"{folder} holds {len(found)} {kinds} files, expected 1: download the data set again")
    return found[0]
