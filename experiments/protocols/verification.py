"""Face verification on LFW (Extreme 3D faces, Table 1), and on synthetic people."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from experiments.protocols import published
from experiments.protocols.descriptors import KINDS, Descriptors, describe
from experiments.protocols.now_predictions import inference_device
from experiments.protocols.published import Verified
from experiments.protocols.runs import composed, told_for
from experiments.protocols.settings import Settings
from experiments.protocols.sheets import NOTHING, PAPER, Result, Sheet, file_stem, spread
from experiments.protocols.verification_pairs import PhotoPairs, lfw_pairs, read_occluded, synthetic_pairs
from seethrough.errors import SeethroughError
from seethrough.metrics.verification import VerificationScores, verify_descriptors

_SUBSETS = ("all", "with an occluder", "without")
LFW_NOTE = (
    "The paper's figures are of another network's shapes; whether a photo was occluded a segmentation network decided, "
    "and its list was never published: the rows with and without an occluder are of other pairs."
)
SYNTHETIC_NOTE = (
    "SynOcc's verification set: 300 synthetic people, four pictures each, 60 pairs of one person and 60 of two in each "
    "of ten folds that share no person. The paper's figures are of LFW: other faces, no comparison."
)


def lfw(settings: Settings) -> Result:
    """Verify the pairs of LFW."""
    return _verify(settings, "lfw", LFW_NOTE)


def synthetic(settings: Settings) -> Result:
    """Verify synthetic people, by the same code."""
    return _verify(settings, "synthetic", SYNTHETIC_NOTE)


def _verify(settings: Settings, data_set: str, note: str) -> Result:
    from lightning_modules.focus.loading import load_focus_module

    result = Result(published=published.EXTREME_3D_TABLE_1)
    heading = ["100 % - EER", "accuracy", "nAUC"]
    sheet = Sheet(
        "Verification, %: mean ± deviation over folds",
        ["", "pairs", "folds", *heading, *(PAPER + name for name in heading)],
    )
    for run in settings.runs:
        settings.say(f"{run.label} on {data_set}")
        composition = composed(run, data_set, settings.overrides[data_set])
        with told_for(data_set):
            pairs = lfw_pairs(composition) if data_set == "lfw" else synthetic_pairs(composition)
        module = load_focus_module(run.run.weights).to(inference_device(composition.config.trainer.accelerator))
        if settings.hidden_share is not None and not module.config.has_segmentation:
            raise SeethroughError(f"--hidden-share: {run.label} has no segmentation network to tell occluded photos")
        wants_shares = settings.hidden_share is not None
        found = describe(module, pairs.loader, settings.descriptors, settings.recognition, wants_shares)
        occluded = _occluded(settings, pairs, found)
        for kind in settings.descriptors:
            scores = subset_scores(found, kind, pairs, occluded, settings.components, settings.square_root)
            numbers = {name: each.as_dict() for name, each in scores.items()}
            result.numbers.setdefault(run.label, {})[kind] = numbers
            for name, each in scores.items():
                label = f"{run.label}: {kind}" if name == "all" else f"    {name}"
                sheet.rows.append([label, str(each.pairs), _folds(each), *_cells(each), *_printed(kind, name)])
            if scores["all"].missing_pairs:
                lost = f"{scores['all'].missing_pairs} pairs without a score, for a photo without a face."
                result.notes.append(f"{run.label}, {kind}: {lost}")
            if incomplete := _incomplete(scores["all"], pairs):
                settings.say(f"warning: {run.label}, {kind}: {incomplete}")
                result.notes.append(f"{run.label}, {kind}: {incomplete}")
        rows = {"id": np.array(found.ids), "occluded": np.isin(found.ids, sorted(occluded or ()))}
        result.rows[f"{file_stem(run.label)}-{data_set}"] = (rows, pairs.pictures)
        result.numbers[run.label]["pictures"] = pairs.pictures
    result.sheets.append(sheet)
    result.notes += [note, *(f"{kind}: {KINDS[kind]}; cosine similarity." for kind in settings.descriptors)]
    if settings.components is not None:
        count = settings.components or "all"
        result.notes.append(f"Projected on {count} principal components, learned for each fold on the others.")
    if settings.square_root:
        result.notes.append("Signed square roots before the cosine.")
    result.notes.append(
        "The threshold of a fold is the best one of the other folds. With an occluder: at least one photo of the pair; "
        "without: neither. Folds that lack one kind of pair are skipped, and counted."
    )
    return result


def subset_scores(
    found: Descriptors,
    kind: str,
    pairs: PhotoPairs,
    occluded: set[str] | None,
    components: int | None,
    square_root: bool,
) -> dict[str, VerificationScores]:
    """Return scores of all pairs and, where occluded photos are known, of those with and without one.

    A subset that has no pairs of both kinds in two folds is left out.
    """
    first, second = pairs.numbers(found.ids)
    table = found.kinds[kind]
    table = np.concatenate([table, np.full((1, table.shape[1]), np.nan)])  # photos that were not found
    used: Mapping[str, np.ndarray | None] = {"all": None}
    if occluded is not None:
        hidden = np.isin(pairs.first, sorted(occluded)) | np.isin(pairs.second, sorted(occluded))
        used = {**used, _SUBSETS[1]: hidden, _SUBSETS[2]: ~hidden}
    scores = {}
    for name, chosen in used.items():
        try:
            scores[name] = verify_descriptors(
                table, first, second, pairs.same, pairs.folds,
                components=components, square_root=square_root, used=chosen,
            )  # fmt: skip
        except ValueError as error:
            if name == "all":
                raise SeethroughError(f"the pairs cannot be verified: {error}; {_known(pairs, found, table)}") from None
    return scores


def _incomplete(scores: VerificationScores, pairs: PhotoPairs) -> str:
    """Say that not all pairs or folds of the list are scored; empty where they are."""
    folds = len(np.unique(pairs.folds))
    if not scores.missing_pairs and scores.folds == folds:
        return ""
    return (
        f"{scores.pairs:,} of {len(pairs.same):,} pairs, {scores.folds} of {folds} folds: these figures are of a part "
        "of the protocol, compare them with those of the very same photos alone."
    )


def _known(pairs: PhotoPairs, found: Descriptors, table: np.ndarray) -> str:
    """Say which pairs there are, and which of them lack a photo: what a user can mend."""
    first, second = pairs.numbers(found.ids)
    finite = np.all(np.isfinite(table), axis=1)
    scored = finite[first] & finite[second]
    lists = f"the list has {len(pairs.same)} pairs in {len(np.unique(pairs.folds))} folds"
    if scored.all():
        return f"{lists}, all of them with both photos: take a list with more folds, such as pairs.txt of LFW"
    absent = [name for name in dict.fromkeys([*pairs.first, *pairs.second]) if name not in set(found.ids)]
    why = f"of {len(absent)} photos there is no prepared face, the first is {absent[0]}" if absent else "no descriptor"
    return f"{lists}, {int((~scored).sum())} of them lack a photo ({why}): prepare all photos that the list names"


def _occluded(settings: Settings, pairs: PhotoPairs, found: Descriptors) -> set[str] | None:
    if settings.occluded is not None:
        return read_occluded(settings.occluded, {*pairs.first, *pairs.second})
    if settings.hidden_share is not None:
        return {name for name, share in zip(found.ids, found.hidden, strict=True) if share > settings.hidden_share}
    if found.occluder is not None:
        return {name for name, occluded in zip(found.ids, found.occluder, strict=True) if occluded}
    return None


def _cells(scores: VerificationScores) -> list[str]:
    return [
        spread(scores.eer_complement, scores.eer_complement_std),
        spread(scores.accuracy, scores.accuracy_std),
        spread(scores.nauc, scores.nauc_std),
    ]


def _printed(kind: str, subset: str) -> list[str]:
    figures: Verified | None = published.EXTREME_3D_TABLE_1.get(subset) if kind != "recognition" else None
    return [spread(*figure) for figure in figures] if figures else [NOTHING] * 3


def _folds(scores: VerificationScores) -> str:
    return f"{scores.folds}" + (f" ({scores.skipped_folds} skipped)" if scores.skipped_folds else "")
