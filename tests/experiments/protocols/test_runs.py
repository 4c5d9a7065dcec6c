from __future__ import annotations

import pytest

from experiments.config.composition import compose
from experiments.protocols import published
from experiments.protocols.catalogue import PROTOCOLS
from experiments.protocols.runs import open_runs, published_row, split_overrides
from seethrough.errors import SeethroughError

ROWS = {
    "focus": "FOCUS", "backbone": "Backbone", "mofa": "MoFA", "supervised": "Backbone-Supervised",
    "oracle_mask": "Backbone-Supervised", "cutmix": "Backbone-cutmix", "cutout": "Backbone-cutout",
    "pretrained": "Pretrained", "baseline": "Baseline", "neighbour": "Neighbor", "perceptual": "Perceptual",
    "skin_mask": None, "preliminary_mask": None,
}  # fmt: skip


def test_rows_are_told_from_the_settings():
    for name, row in ROWS.items():
        assert published_row(compose([f"ablation/{name}"]).plain["model"]) == row, name
    # it learned from true coefficients
    assert published_row(compose(["focus", "preset/default", "data/synthetic"]).plain["model"]) is None


def test_overrides_go_to_their_data_set():
    given = split_overrides(["ar.root=A", "data.workers=0", "celeba_hq.root=C"], ("celeba_hq", "ar"))
    assert given == {"celeba_hq": ["data.workers=0", "data.root=C"], "ar": ["data.root=A", "data.workers=0"]}
    assert split_overrides(["data.root=A"], ("ar",)) == {"ar": ["data.root=A"]}
    with pytest.raises(SeethroughError, match=r"ar\.root=A: this protocol reads now, not ar"):
        split_overrides(["ar.root=A"], ("now",))
    with pytest.raises(SeethroughError, match=r"which data set\? Write celeba_hq\.root or ar\.root"):
        split_overrides(["data.root=A"], ("celeba_hq", "ar"))


def test_mistakes_about_runs(network, tmp_path):
    figures = published.FOCUS_TABLE_3
    (run,) = open_runs([str(network)], ["FOCUS"], figures)
    assert run.published(figures) == figures["FOCUS"] and run.published(figures, prior=True) == figures["FOCUS-MP"]
    (told,) = open_runs([str(network)], [], figures)
    assert told.row == "MoFA" or told.row == "FOCUS"  # the settings of the defaults
    (nothing,) = open_runs([str(network)], ["-"], figures)
    assert nothing.published(figures) is None
    mistakes = [
        ([], [], "name at least one run"),
        ([str(network)], ["FOCUS", "-"], "2 published rows for 1 runs"),
        ([str(network)], ["DECO"], "the table has Deep3D, DECA"),
        ([str(network)] * 2, [], "named twice"),
        ([str(tmp_path)], [], "is no run folder"),
    ]
    for words, beside, message in mistakes:
        with pytest.raises(SeethroughError, match=message):
            open_runs(words, beside, figures)
    (meshes,) = open_runs([str(tmp_path)], [], figures, meshes=True)
    assert meshes.meshes == tmp_path
    with pytest.raises(SeethroughError, match="needs a run"):
        meshes.run.title


def test_published_figures_agree_with_each_other():
    for tables in (published.FOCUS_TABLE_4, published.FOCUS_TABLE_5, published.FOCUS_SUPPLEMENT_1):
        for row, subsets in tables.items():
            for subset, mask in subsets.items():
                if mask.ppv is not None and mask.tpr is not None:
                    # of means of precision and recall, not the mean of F1: near, not equal
                    assert 2 * mask.ppv * mask.tpr / (mask.ppv + mask.tpr) == pytest.approx(mask.f1, abs=0.025), (
                        row, subset,
                    )  # fmt: skip
    for row, errors in published.FOCUS_TABLE_3.items():
        assert published.FOCUS_SUPPLEMENT_2.get(row, errors) == errors
        assert all(error.median < error.mean for error in errors)
    assert published.FOCUS_TABLE_5["FOCUS"] == published.FOCUS_TABLE_4["FOCUS"]
    for values in published.FOCUS_TABLE_1.values():
        assert values["unoccluded"][0] < values["overall"][0] < values["occluded"][0] < values["ar"][0]


def test_every_protocol_loads():
    for name, protocol in PROTOCOLS.items():
        assert callable(protocol.load()), name
        assert all(hasattr(published, table) for table in protocol.figures)
