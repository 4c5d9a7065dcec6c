from __future__ import annotations

import numpy as np
import pytest

from experiments.studies.reporting.measured import Method, check_same_images, gather, read_rows
from seethrough.errors import SeethroughError
from tests.experiments.studies.fake_rows import fake_rows, write_rows


def method(*rows) -> Method:
    return Method("focus", "FOCUS", tuple(range(len(rows))), tuple(rows))


def test_subsets_do_not_mix_what_is_out_of_distribution():
    one = method(fake_rows(pairs=6, foreign_pairs=2))
    sizes = {name: int(one.subset(name).sum()) for name in ("unoccluded", "occluded", "overall", "out_of_distribution")}
    assert sizes == {"unoccluded": 6, "occluded": 6, "overall": 12, "out_of_distribution": 4}
    assert one.families == ["glasses", "cloth", "hand"]
    assert one.subset("cloth").sum() == 2 and one.subset("leaves").sum() == 0


def test_twin_differences_stand_in_the_occluded_rows():
    one = method(fake_rows(cost=0.25, noise=0.0), fake_rows(cost=0.75, noise=0.0))
    costs = one.values("twin:shape_error_mm")
    hidden = one.facts["occluder"] > 0
    assert costs.shape == (2, len(hidden))
    assert np.allclose(costs[0, hidden], 0.25) and np.allclose(costs[1, hidden], 0.75)
    assert np.isnan(costs[:, ~hidden]).all()
    assert np.allclose(one.mean("twin:shape_error_mm")[hidden], 0.5)


def test_an_image_without_its_twin_is_in_no_difference():
    rows = {name: values[1:] for name, values in fake_rows(pairs=3, foreign_pairs=0).items()}
    one = method(rows)
    assert np.isfinite(one.mean("twin:shape_error_mm")).sum() == 2


def test_a_column_that_was_not_written_is_unknown():
    assert np.isnan(method(fake_rows()).values("nothing")).all()


def test_rows_are_read_in_the_order_of_their_images(tmp_path):
    rows = fake_rows(pairs=3)
    np.savez(tmp_path / "rows.npz", **{name: values[::-1] for name, values in rows.items()})
    assert np.array_equal(read_rows(tmp_path / "rows.npz")["id"], np.sort(rows["id"]))


def test_files_that_hold_no_rows(tmp_path):
    (tmp_path / "broken.npz").write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(SeethroughError, match="holds no rows of an evaluation"):
        read_rows(tmp_path / "broken.npz")
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    with pytest.raises(SeethroughError, match="has no column 'set'"):
        read_rows(tmp_path / "other.npz")


def test_gather_takes_the_seeds_that_are_there(tmp_path):
    files = [(seed, tmp_path / f"{seed}.npz") for seed in range(3)]
    assert gather("focus", "FOCUS", files) is None
    write_rows(files[0][1])
    write_rows(files[2][1])
    found = gather("focus", "FOCUS", files)
    assert found is not None and found.seeds == (0, 2)


def test_different_images_are_not_compared(tmp_path):
    files = [(0, write_rows(tmp_path / "0.npz")), (1, write_rows(tmp_path / "1.npz", pairs=13))]
    with pytest.raises(SeethroughError, match="seed 1 was evaluated on other images than seed 0"):
        gather("focus", "FOCUS", files)
    with pytest.raises(SeethroughError, match="other images"):  # as many, and called the same
        gather("focus", "FOCUS", [files[0], (1, write_rows(tmp_path / "2.npz", pictures="test-80px-4567"))])
    with pytest.raises(SeethroughError, match="--evaluate-again"):
        check_same_images([method(fake_rows()), method(fake_rows(pictures="test-80px-4567"))])
    with pytest.raises(SeethroughError, match="--evaluate-again"):
        check_same_images([method(fake_rows()), method(fake_rows(pairs=13))])
