"""FOCUS' tables of shapes on NoW: all photos (Tables 2 and 5), matched pairs (Table 3, Table 2 of the supplement)."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from datamodules.now.challenge import ChallengeImage, challenge_images
from datamodules.now.scoring import Protocol, Scores, challenges, group_statistics, score_all
from experiments.protocols import published
from experiments.protocols.matched_pairs import ROW, MatchedPair, read_matched_pairs
from experiments.protocols.now_predictions import CORRECTED, PLAIN, write_predictions
from experiments.protocols.runs import ComparedRun, composed
from experiments.protocols.settings import Settings
from experiments.protocols.sheets import NOTHING, PAPER, Result, Sheet, file_stem, interval, probability, triple
from seethrough.errors import SeethroughError
from seethrough.metrics.paired import paired_comparison
from seethrough.processors import usable_cores

_STATISTICS = ("median_mm", "mean_mm", "std_mm")
PAIRS_NOTE = (
    "The paper's 62 pairs were never published: published figures are of other pairs, unless the list is the authors'."
)
POINTS_NOTE = (
    "Median, mean and deviation are of the points of all scans together, as the challenge counts; paired differences "
    "are of the means of single photos, and their intervals resample people."
)


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


def challenge(settings: Settings) -> Result:
    """Write predictions of all photos in the official layout and score them where their scans are there."""
    dataset, split, scored, result = _predicted(settings)
    figures = published.FOCUS_TABLE_2 if split == "test" else published.FOCUS_TABLE_5_NOW
    result.published = figures
    if dataset is None:
        return result
    heading = ["all photos: median mean std", "photos", "missing"]
    sheet = Sheet(f"NoW, {split} people: scan to mesh, mm", ["", *heading, f"{PAPER}median mean std"])
    for each in scored:
        all_photos = group_statistics(each.scores, list(each.scores.distances))
        result.numbers.setdefault(each.run.label, {})["misfit_prior" if each.prior else "now"] = {
            "all": all_photos,
            "challenges": {
                name: group_statistics(each.scores, paths) for name, paths in challenges(each.scores).items()
            },
            "missing": dict(each.scores.missing),
        }
        cells = [triple([all_photos[key] for key in _STATISTICS], 3), str(len(each.scores.distances))]
        sheet.rows.append(
            [_name(each), *cells, str(len(each.scores.missing)), triple(each.run.published(figures, each.prior))]
        )
    sheet.rows += _remaining(figures, scored, len(heading))
    result.sheets.append(sheet)
    result.sheets += _by_challenge(scored)
    result.sheets += _prior_sheet(scored, result)
    result.notes.append(POINTS_NOTE)
    return result


def matched_pairs(settings: Settings) -> Result:
    """Repeat Table 3: shape errors of matched photos without and with an occluder."""
    return _pairs(settings, published.FOCUS_TABLE_3)


def supervised_pairs(settings: Settings) -> Result:
    """Repeat Table 2 of the supplement: the same for rows with true masks, with and without the misfit prior."""
    result = _pairs(settings, published.FOCUS_SUPPLEMENT_2)
    without = [run.label for run in settings.runs if f"{run.label}-MP" not in result.numbers]
    if without:
        result.notes.append(
            f"Without a misfit prior: {', '.join(without)}; `python -m tools.misfit_prior RUN` builds one."
        )
    return result


def _pairs(settings: Settings, figures: Mapping[str, Any]) -> Result:
    if settings.pairs is None:
        raise SeethroughError(
            f"the paper's pairs were never published: name a list by --pairs FILE, in each row the photo without and "
            f"the one with an occluder: {ROW}"
        )
    dataset, split, scored, result = _predicted(settings, settings.pairs)
    if dataset is None:
        raise SeethroughError("this protocol needs the scans of NoW: name the data set by now.root=FOLDER")
    pairs = read_matched_pairs(settings.pairs, {image.path for image in challenge_images(dataset, split)})
    result.published = figures
    sides = ("unoccluded: median mean std", "occluded: median mean std")
    sheet = Sheet(
        f"{len(pairs)} matched pairs of NoW, {split} people: scan to mesh, mm",
        ["", *sides, "an occluder adds [95 %]", "p", *(PAPER + side for side in sides)],
    )
    for each in scored:
        numbers = pair_numbers(each.scores, pairs)
        result.numbers[each.label] = numbers
        shown = [triple([numbers[side][key] for key in _STATISTICS]) for side in ("unoccluded", "occluded")]
        added = interval(*(numbers["occluder_adds"][key] for key in ("mean_mm", "low", "high")))
        printed = each.run.published(figures, each.prior)
        sheet.rows.append(
            [_name(each), *shown, added, probability(numbers["occluder_adds"]["t_p"])]
            + ([triple(side) for side in printed] if printed else [NOTHING] * 2)
        )
        if numbers["missing_pairs"]:
            result.notes.append(f"{each.label}: {numbers['missing_pairs']} pairs left out, for a photo without a mesh.")
    done = {f"{each.run.row}{'-MP' if each.prior else ''}" for each in scored}
    for row, both in figures.items():
        if row not in done:
            sheet.rows.append([row, *[NOTHING] * 4, *(triple(side) for side in both)])
    result.sheets.append(sheet)
    result.sheets += _prior_sheet(scored, result)
    result.notes += [PAIRS_NOTE, POINTS_NOTE]
    return result


def pair_numbers(scores: Scores, pairs: Sequence[MatchedPair]) -> dict[str, Any]:
    """Return statistics of both sides of matched pairs and what an occluder adds to the mean error of a photo.

    Pairs of which a photo was not scored are left out and counted.
    """
    known = [pair for pair in pairs if pair.plain in scores.distances and pair.occluded in scores.distances]
    plain, occluded = [pair.plain for pair in known], [pair.occluded for pair in known]
    people = {name: number for number, name in enumerate(dict.fromkeys(pair.subject for pair in known))}
    test = paired_comparison(
        [scores.distances[path].mean() for path in occluded],
        [scores.distances[path].mean() for path in plain],
        np.array([people[pair.subject] for pair in known], dtype=int),
    )
    added = {"mean_mm": test.difference.mean, "low": test.difference.low, "high": test.difference.high}
    return {
        "unoccluded": group_statistics(scores, plain),
        "occluded": group_statistics(scores, occluded),
        "occluder_adds": added | {"t_p": test.t_p, "people_t_p": test.people_t_p, "wilcoxon_p": test.wilcoxon_p},
        "pairs": len(known),
        "people": len(people),
        "missing_pairs": len(pairs) - len(known),
    }


def _predicted(settings: Settings, pairs: Path | None = None) -> tuple[Path | None, str, list[Scored], Result]:
    """Write predictions and score them.

    Returns:
        The data set, None without scans; which people; scored rows; and a result that has notes about them.
    """
    result, scored = Result(), []
    with tempfile.TemporaryDirectory(prefix="now-") as temporary:
        place = (settings.out / "predictions") if settings.out else Path(temporary)
        for run in settings.runs:
            folders, root, split = _folders(run, settings, place)
            dataset = root if root is not None and _has_scans(root) else None
            if dataset is None:
                result.notes.append("Not scored, the scans are not there.")
                for name, folder in folders.items():
                    note, counts = handing_in(folder, root, split)
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
            result.notes.append(f"Meshes and landmarks in the official layout: {place}.")
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


def _by_challenge(scored: Sequence[Scored]) -> list[Sheet]:
    names = sorted({name for each in scored for name in challenges(each.scores)})
    sheet = Sheet("By challenge: median mean std, mm", ["", *(name.replace("_", " ") for name in names)])
    for each in scored:
        groups = challenges(each.scores)
        cells = [group_statistics(each.scores, groups.get(name, [])) for name in names]
        sheet.rows.append([each.label, *(triple([cell[key] for key in _STATISTICS], 3) for cell in cells)])
    return [sheet]


def _prior_sheet(scored: Sequence[Scored], result: Result) -> list[Sheet]:
    """Return what the misfit prior changes on the same photos (FOCUS, supplement B.3), where a run has one."""
    sheet = Sheet(
        "What the misfit prior takes off the mean error of a photo, mm",
        ["", "difference [95 %]", "p: photos", "p: people", "p: Wilcoxon", "photos improved"],
    )
    for corrected in (each for each in scored if each.prior):
        plain = next(each for each in scored if each.run is corrected.run and not each.prior)
        paths = sorted(plain.scores.distances.keys() & corrected.scores.distances.keys())
        people = {name: number for number, name in enumerate(dict.fromkeys(path.split("/")[0] for path in paths))}
        test = paired_comparison(
            [plain.scores.distances[path].mean() for path in paths],
            [corrected.scores.distances[path].mean() for path in paths],
            np.array([people[path.split("/")[0]] for path in paths], dtype=int),
        )
        gain = test.difference
        result.numbers.setdefault(plain.run.label, {})["misfit_prior_gain"] = {
            "mean_mm": gain.mean, "low": gain.low, "high": gain.high, "t_p": test.t_p, "people_t_p": test.people_t_p,
            "wilcoxon_p": test.wilcoxon_p, "improved_share": 1 - test.first_lower, "images": len(paths),
        }  # fmt: skip
        values = [probability(value) for value in (test.t_p, test.people_t_p, test.wilcoxon_p)]
        shown = interval(gain.mean, gain.low, gain.high)
        sheet.rows.append([plain.run.label, shown, *values, f"{1 - test.first_lower:.0%}"])
    if not sheet.rows:
        return []
    result.notes.append(
        "The paper's test of the misfit prior: paired t over the photos of the validation people, p = 3.4e-19. Photos "
        "of one person are alike, so the test over people is the honest one."
    )
    return [sheet]


def _remaining(figures: Mapping[str, Any], scored: Sequence[Scored], dashes: int) -> list[list[str]]:
    done = {f"{each.run.row}{'-MP' if each.prior else ''}" for each in scored}
    return [[row, *[NOTHING] * dashes, triple(values)] for row, values in figures.items() if row not in done]


def _name(each: Scored) -> str:
    return f"{each.label} (as {each.run.row}{'-MP' if each.prior else ''})" if each.run.row else each.label
