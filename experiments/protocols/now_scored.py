"""Meshes of NoW's photos: written by a run or found in a folder, compared with the list, scored where scans are."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Sequence
from pathlib import Path

from datamodules.now.challenge import ChallengeImage, challenge_images
from datamodules.now.scoring import Protocol, Scores, score_all
from experiments.protocols.matched_pairs import read_matched_pairs
from experiments.protocols.now_predictions import CORRECTED, PLAIN, write_predictions
from experiments.protocols.runs import ComparedRun, composed, told_for
from experiments.protocols.settings import Settings
from experiments.protocols.sheets import Result, file_stem
from seethrough.errors import SeethroughError
from seethrough.processors import usable_cores

STATISTICS = ("median_mm", "mean_mm", "std_mm")
POINTS_NOTE = (
    "Median, mean and deviation are of the points of all scans together, as the challenge counts; paired differences "
    "are of the means of single photos, and their intervals resample people."
)
HIDDEN_FACES = "where no face is found, now.crop=box (with a now.prepared of its own) cuts by the boxes of the data set"


@dataclasses.dataclass(frozen=True)
class Scored:
    """Scored meshes of one row: ``prior`` where they had the misfit prior taken off."""

    run: ComparedRun
    prior: bool
    scores: Scores

    @property
    def label(self) -> str:
        """Of the row."""
        return self.run.label + ("-MP" if self.prior else "")

    @property
    def name(self) -> str:
        """The label, and the row of the paper that the run repeats."""
        return f"{self.label} (as {self.run.row}{'-MP' if self.prior else ''})" if self.run.row else self.label


def predicted(settings: Settings, pairs: Path | None = None) -> tuple[Path | None, str, list[Scored], Result]:
    """Write predictions and score them.

    Returns:
        The data set, None without scans; which people; scored rows; and a result that has notes about them.
    """
    result, scored = Result(), []
    with tempfile.TemporaryDirectory(prefix="now-") as temporary:
        place = settings.out or Path(temporary)
        for run in settings.runs:
            folders, root, split = _folders(run, settings, place)
            dataset = root if root is not None and _has_scans(root) else None
            if dataset is None:
                result.notes.append("Not scored, the scans are not there.")
                for name, folder in folders.items():
                    note, counts = handing_in(folder, root, split)
                    note += f"; {HIDDEN_FACES}" if counts["missing"] and run.meshes is None else ""
                    result.notes.append(note)
                    result.numbers.setdefault(run.label, {})[f"{name}_predictions"] = counts
                continue
            images = challenge_images(dataset, split)
            if pairs is not None:
                named = {path for pair in read_matched_pairs(pairs, {image.path for image in images})
                         for path in (pair.plain, pair.occluded)}  # fmt: skip
                images = [image for image in images if image.path in named]
            for name, folder in folders.items():
                settings.say(f"{run.label}: scoring {len(images)} meshes in {folder}")
                scored.append(Scored(run, name == CORRECTED, _score(dataset, folder, images, settings.jobs)))
        if settings.out and settings.runs:
            result.notes.append(f"Meshes and landmarks in the official layout: {place}/RUN/{PLAIN}.")
        other = "test" if split == "validation" else "validation"
        kept = ", whose scans the challenge keeps" if other == "test" else ""
        result.notes.append(
            f"Photos of the {split} people only (imagepaths{split}.txt); now.test_split={other} takes the {other} "
            f"people{kept}."
        )
    if dataset is None and not settings.out:
        raise SeethroughError("without scans there is nothing to score: --out FOLDER keeps the predictions")
    return dataset, split, scored, result


def _folders(run: ComparedRun, settings: Settings, place: Path) -> tuple[dict[str, Path], Path | None, str]:
    """Return folders of meshes by kind, the data set (None where nobody says where it is), and which people."""
    from datamodules.photos.prepared_folder import is_prepared, read_prepared_folder

    overrides = settings.overrides["now"]
    if run.meshes is not None:
        data = {key.removeprefix("data."): value for key, _, value in (each.partition("=") for each in overrides)}
        root, split, folders = data.get("root", ""), data.get("test_split", "validation"), {PLAIN: run.meshes}
        if not root:
            raise SeethroughError(f"{run.label} holds meshes: name the data set by now.root=FOLDER")
    else:
        composition = composed(run, "now", overrides)
        data = composition.plain["data"]
        with told_for("now"):
            folders = write_predictions(run.run, composition, place / file_stem(run.label), settings.level)
        prepared = data["prepared"]
        root = data["root"] or (read_prepared_folder(prepared).root if is_prepared(prepared) else "")
        split = data["test_split"]
    if split not in ("validation", "test"):
        raise SeethroughError(f"now.test_split={split}: choose validation or test, whose figures never mix")
    return folders, Path(root) if root else None, split


def _has_scans(root: Path) -> bool:
    return any((root / part / "scans").is_dir() for part in ("", "final_release_version"))


def handing_in(folder: Path, root: Path | None, split: str) -> tuple[str, dict[str, int | None]]:
    """Compare predictions with the list of the challenge, which scores nothing that is incomplete.

    Args:
        folder: ``SUBJECT/CHALLENGE/NAME.ply`` and ``.npy``.
        root: the data set with its lists, if it is known.
        split: whose list.

    Returns:
        A sentence, and the counts ``listed`` (None without a list), ``written`` and ``missing`` (None without a list).
    """
    written = {str(mesh.relative_to(folder).with_suffix("")) for mesh in folder.glob("*/*/*.ply")
               if mesh.with_suffix(".npy").is_file()}  # fmt: skip
    try:
        listed = [] if root is None else [image.stem for image in challenge_images(root, split)]
    except SeethroughError:
        listed = []
    if not listed:
        return (
            f"{folder}: {len(written)} meshes, compared with no list: name the folder of imagepaths{split}.txt by "
            "now.root=FOLDER to know whether they are all",
            {"listed": None, "written": len(written), "missing": None},
        )
    missing = [name for name in listed if name not in written]
    counts: dict[str, int | None] = {"listed": len(listed), "written": len(written), "missing": len(missing)}
    said = f"{folder}: imagepaths{split}.txt lists {len(listed)} photos, {len(listed) - len(missing)} have a mesh"
    if not missing:
        return f"{said}, none is missing: ready to be handed in.", counts
    shown = ", ".join(missing[:3]) + (", ..." if len(missing) > 3 else "")
    return f"{said}, {len(missing)} are missing, NOT ready to be handed in: {shown}", counts


def _score(dataset: Path, folder: Path, images: Sequence[ChallengeImage], jobs: int | None) -> Scores:
    scores = score_all(dataset, folder, images, Protocol(), jobs or usable_cores())
    if not scores.distances:
        path, reason = next(iter(sorted(scores.missing.items())))
        raise SeethroughError(f"none of {len(images)} photos has a mesh in {folder}; {path}: {reason}")
    return scores
