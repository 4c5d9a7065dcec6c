from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
import torch

from seethrough.metrics import (
    ImageRMSE,
    MaskScores,
    ScanToMeshError,
    SkillOverMeanFace,
    VertexError,
    mask_scores,
    scan_to_mesh,
)
from seethrough.metrics.table import text_rows, words_of
from tests.metrics.face_scans import AVERAGE, landmarks, surface
from tests.metrics.metric_ranks import faces, rank_main, scores


@pytest.mark.slow
@pytest.mark.parametrize(
    "shares",
    [
        [[0, 2, 4, 6], [1, 3, 5, 0]],  # a sampler pads the last batch with the first image
        [[0, 1, 2, 3, 4, 5, 6], []],  # and a process may have nothing to do
    ],
)
def test_two_processes_score_what_one_does(tmp_path, shares):
    torch.multiprocessing.spawn(rank_main, (shares, str(tmp_path)), nprocs=2)
    alone = scores(list(range(7)))
    for rank in range(2):
        together = torch.load(tmp_path / f"{rank}.pt", weights_only=True)
        assert together.keys() == alone.keys()
        for name, values in alone.items():
            assert together[name] == pytest.approx(values, rel=1e-6, nan_ok=True), name


def test_an_image_that_comes_twice_counts_once():
    once, again = scores(list(range(7))), scores([*range(7), 3, 3, 0])
    assert all(again[name] == pytest.approx(values) for name, values in once.items())


def test_means_are_over_images_where_the_score_is_defined():
    metric = MaskScores()
    ones, zeros = torch.ones(1, 1, 4, 4), torch.zeros(1, 1, 4, 4)
    half = torch.cat([torch.ones(1, 1, 4, 2), torch.zeros(1, 1, 4, 2)], 3)
    metric.update(torch.tensor([0]), ones, ones, ones)  # F1 1
    metric.update(torch.tensor([1]), half, ones, ones)  # F1 2/3
    metric.update(torch.tensor([2]), ones, zeros, ones)  # no face there
    metric.update(torch.tensor([3]), ones, ones, zeros)  # nothing rendered
    result = metric.compute()
    assert result["f1"].item() == pytest.approx((1 + 2 / 3) / 2)
    assert result["f1_std"].item() == pytest.approx(1 / 6)
    assert result["acc"].item() == pytest.approx((1 + 0.5 + 0) / 3)
    assert (result["images"].item(), result["excluded"].item()) == (4, 2)


def test_released_form_by_hand():
    # One row of 100 pixels: 50 of them face; the mask is 0.8 there and 0.1 elsewhere.
    truth = torch.zeros(1, 1, 1, 100)
    truth[..., :50] = 1
    predicted = 0.8 * truth + 0.1 * (1 - truth)
    soft = mask_scores(predicted, truth, torch.ones_like(truth), soft=True, clamp=1)
    tp, fp, fn, tn = 40.0, 5.0, 10.0, 45.0
    assert soft["acc"].item() == pytest.approx((tp + tn) / 100)
    assert soft["ppv"].item() == pytest.approx(tp / (tp + fp))
    assert soft["f1"].item() == pytest.approx(2 * tp / (2 * tp + fp + fn))
    # A perfect mask of a picture that is all face: each of the empty areas counts one pixel.
    ones = torch.ones_like(truth)
    perfect = mask_scores(ones, ones, ones, soft=True, clamp=1)
    assert perfect["acc"].item() == pytest.approx(101 / 103)
    assert perfect["tpr"].item() == pytest.approx(100 / 101)
    assert MaskScores(soft=True, clamp=1)(torch.tensor([0]), ones, ones, ones)["acc"].item() == pytest.approx(101 / 103)


def test_vertex_error_pools_all_vertices():
    data = faces()
    metric = VertexError(20)
    metric.update(torch.arange(7), data["shape"], data["true_shape"])
    result = {key: value.item() for key, value in metric.compute().items()}
    from seethrough.metrics import vertex_errors

    errors = vertex_errors(data["shape"], data["true_shape"]).double().numpy()
    assert result["median_mm"] == pytest.approx(np.median(errors))
    assert result["mean_mm"] == pytest.approx(errors.mean())
    assert result["std_mm"] == pytest.approx(errors.std())


def test_scan_error_pools_the_points_of_all_scans():
    metric = ScanToMeshError()
    distances = []
    for number, columns in enumerate((15, 31)):
        scan = surface(columns, 20, (1.0, 0, 0, number, 0))[0]
        arguments = scan, landmarks((1.0, 0, 0, number, 0)), *surface(17, 19, AVERAGE), landmarks(AVERAGE)
        metric.update(number, *arguments)
        distances.append(scan_to_mesh(*arguments).distances)
    result = {key: value.item() for key, value in metric.compute().items()}
    assert len(distances[0]) != len(distances[1])
    pooled = np.concatenate(distances)
    expected = {"median_mm": np.median(pooled), "mean_mm": pooled.mean(), "std_mm": pooled.std(), "images": 2}
    assert result == pytest.approx(expected)


def test_skill_is_zero_for_the_mean_face_and_one_for_the_truth():
    truth = faces()["true_shape"]
    mean = truth.mean(0)
    index = torch.arange(len(truth))
    nothing, everything = SkillOverMeanFace(mean), SkillOverMeanFace(mean, "rigid")
    nothing.update(index, mean.expand_as(truth), truth)
    everything.update(index, truth, truth)
    assert nothing.compute()["skill"].item() == pytest.approx(0, abs=1e-6)
    assert everything.compute()["skill"].item() == pytest.approx(1, abs=1e-5)


def test_no_images_at_all():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torchmetrics says that nothing was added
        for metric in (MaskScores(), ImageRMSE(), VertexError(20), ScanToMeshError()):
            result = metric.compute()
            assert result["images"].item() == 0
            assert all(math.isnan(value.item()) for key, value in result.items() if key not in ("images", "excluded"))


def test_words_come_back_and_long_ones_stay_apart():
    words = ["", "Jürgen-0012", "x" * 200 + "a", "x" * 200 + "b"]
    back = words_of(text_rows(words))
    assert back[:2] == words[:2]
    assert back[2] != back[3] and len(back[2]) <= 96
