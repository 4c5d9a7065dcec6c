"""Face verification in folds, as on LFW: do two photos show the same person?"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class VerificationScores:
    """What the folds of a verification give, in percent; deviations are over folds (ddof 0).

    Attributes:
        accuracy: pairs decided rightly, by the threshold that is best on the other folds.
        accuracy_std: its deviation.
        eer_complement: 100 % - EER, where as many pairs of one person are refused as pairs of two are accepted.
        eer_complement_std: its deviation.
        nauc: area under the ROC of a fold.
        nauc_std: its deviation.
        folds: how many folds were scored.
        skipped_folds: how many were not, because they lack pairs of one person or pairs of two.
        pairs: pairs in the folds that were scored.
        missing_pairs: pairs without a score, in no number.
        thresholds: (folds,) the threshold of each scored fold.
    """

    accuracy: float
    accuracy_std: float
    eer_complement: float
    eer_complement_std: float
    nauc: float
    nauc_std: float
    folds: int
    skipped_folds: int
    pairs: int
    missing_pairs: int
    thresholds: np.ndarray = field(compare=False)

    def as_dict(self) -> dict[str, float]:
        """Return all numbers but the thresholds."""
        return {name: value for name, value in vars(self).items() if name != "thresholds"}


def verify_descriptors(
    descriptors: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    same: np.ndarray,
    folds: np.ndarray,
    *,
    components: int | None = None,
    square_root: bool = False,
    used: np.ndarray | None = None,
) -> VerificationScores:
    """Score the cosine similarity of descriptors.

    Args:
        descriptors: (N, D) of N photos; rows that are not finite are photos without a face.
        first: (P,) number of the one photo of each pair.
        second: (P,) number of the other.
        same: (P,) whether both show one person.
        folds: (P,) the fold of each pair.
        components: project on that many principal components, learned for each fold from the photos of the others; 0
            for all that they have. None compares the descriptors as they are.
        square_root: take the signed square root of every number, after the projection.
        used: (P,) whether a pair counts, for subsets; projections are learned from the photos of all pairs.

    Raises:
        ValueError: as for :func:`verify`.
    """
    descriptors = np.asarray(descriptors, dtype=np.float64)
    known = np.all(np.isfinite(descriptors), axis=1)
    shown = known[first] & known[second]
    clean = np.where(known[:, None], descriptors, 0.0)
    scores = {}
    for fold in np.unique(folds):
        projected = clean
        if components is not None:
            others = (folds != fold) & shown
            learned = np.unique(np.concatenate([first[others], second[others]]))
            projected = project(clean, clean[learned], components)
        if square_root:
            projected = np.sign(projected) * np.sqrt(np.abs(projected))
        scores[fold] = np.where(shown, cosine(projected[first], projected[second]), np.nan)
        if components is None:
            break
    counted = np.ones(len(same), dtype=bool) if used is None else used
    # Without a projection the scores of a pair are the same for every fold.
    stacked = np.stack([scores[fold] if components is not None else scores[min(scores)] for fold in np.unique(folds)])
    return verify(stacked[:, counted], same[counted], folds[counted], numbers=np.unique(folds))


def verify(
    scores: np.ndarray, same: np.ndarray, folds: np.ndarray, numbers: np.ndarray | None = None
) -> VerificationScores:
    """Score similarities of pairs, fold by fold (Huang et al. 2007).

    The threshold of a fold is the one with the best accuracy on all other folds; pairs as similar as it are of one
    person. Pairs with equal scores are never parted: where all scores are the same, the accuracy is that of always
    giving the more frequent answer, 100 % - EER and nAUC are 50.

    Args:
        scores: (P,) similarity, higher for one person; or (F, P), where row f is what fold f is to see of all pairs.
            NaN for pairs without one, which are left out and counted.
        same: (P,) whether a pair shows one person.
        folds: (P,) the fold of each pair.
        numbers: (F,) the folds of the rows of ``scores``; default: the sorted ones that occur.

    Raises:
        ValueError: fewer than two folds with pairs, or no fold with pairs of both kinds.
    """
    scores, same, folds = np.asarray(scores, dtype=np.float64), np.asarray(same, dtype=bool), np.asarray(folds)
    numbers = np.unique(folds) if numbers is None else np.asarray(numbers)
    seen = np.broadcast_to(scores, (len(numbers), len(same))) if scores.ndim == 1 else scores
    if seen.shape != (len(numbers), len(same)) or folds.shape != same.shape:
        raise ValueError(f"{seen.shape} scores for {len(numbers)} folds and {len(same)} pairs in {folds.shape} folds")
    known = np.all(np.isfinite(seen), axis=0)
    missing = int((~known).sum())
    if len(np.unique(folds[known])) < 2:
        raise ValueError("verification needs pairs in at least two folds: a threshold is chosen on the other ones")
    results, thresholds, pairs, skipped = [], [], 0, 0
    for number, row in zip(numbers, seen, strict=True):
        tested, others = known & (folds == number), known & (folds != number)
        if not (same[tested].any() and (~same[tested]).any()):
            skipped += 1
            continue
        threshold = best_threshold(row[others], same[others])
        accept, refuse = roc(row[tested], same[tested])
        accuracy = ((row[tested] >= threshold) == same[tested]).mean()
        results.append((accuracy, 1 - equal_error_rate(accept, refuse), np.trapezoid(1 - refuse, accept)))
        thresholds.append(threshold)
        pairs += int(tested.sum())
    if not results:
        raise ValueError("no fold has both pairs of one person and pairs of two")
    percent = 100 * np.array(results)
    mean, deviation = percent.mean(0), percent.std(0)
    return VerificationScores(
        *(float(value) for both in zip(mean, deviation, strict=True) for value in both),
        folds=len(results),
        skipped_folds=skipped,
        pairs=pairs,
        missing_pairs=missing,
        thresholds=np.array(thresholds),
    )


def best_threshold(scores: np.ndarray, same: np.ndarray) -> float:
    """Return the threshold with the best accuracy, between two scores; of several the middle one.

    It may be infinite: where refusing all pairs is best, or accepting them all.
    """
    order = np.argsort(scores, kind="stable")
    ascending, alike = scores[order], same[order]
    # Cut k refuses the k lowest: right are the pairs of two below it and those of one above it.
    right = np.concatenate([[0], np.cumsum(~alike)]) + alike.sum() - np.concatenate([[0], np.cumsum(alike)])
    possible = np.ones(len(scores) + 1, dtype=bool)
    possible[1:-1] = np.diff(ascending) > 0
    best = np.flatnonzero(possible & (right == right[possible].max()))
    cut = int(best[len(best) // 2])
    if cut == 0:
        return -np.inf
    return np.inf if cut == len(scores) else float((ascending[cut - 1] + ascending[cut]) / 2)


def roc(scores: np.ndarray, same: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the rates of false acceptance, rising from 0 to 1, and of false refusal, falling from 1 to 0.

    One point for each score that occurs, so that ties make a slanted line.
    """
    order = np.argsort(-scores, kind="stable")
    falling, alike = scores[order], same[order]
    last = np.append(np.diff(falling) < 0, True)
    accepted = np.concatenate([[0], np.cumsum(~alike)[last]]) / (~alike).sum()
    refused = 1 - np.concatenate([[0], np.cumsum(alike)[last]]) / alike.sum()
    return accepted, refused


def equal_error_rate(accepted: np.ndarray, refused: np.ndarray) -> float:
    """Return the rate at which both errors of :func:`roc` are the same, between two of its points."""
    difference = accepted - refused
    after = int(np.argmax(difference >= 0))  # it begins at -1 and ends at 1
    low, high = difference[after - 1], difference[after]
    part = -low / (high - low)
    return float(accepted[after - 1] + part * (accepted[after] - accepted[after - 1]))


def cosine(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return (P,) cosines of the angles between rows of (P, D); 0 for a row of zeros, which has no direction."""
    length = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    product = (first * second).sum(1)
    return np.divide(product, length, out=np.zeros(len(product)), where=length > 0)


def project(descriptors: np.ndarray, learned: np.ndarray, components: int) -> np.ndarray:
    """Return (N, K) coordinates along the strongest principal components of the (M, D) descriptors in ``learned``.

    Args:
        descriptors: (N, D).
        learned: (M, D), whose mean is taken off.
        components: K; as many as there are where it is 0 or more than that.
    """
    mean = learned.mean(0)
    _, singular, axes = np.linalg.svd(learned - mean, full_matrices=False)
    rank = int((singular > singular.max(initial=0.0) * 1e-10).sum())
    return (descriptors - mean) @ axes[: min(components or rank, rank)].T
