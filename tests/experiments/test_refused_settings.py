"""Settings that cannot work are refused in one line before anything is written, not hours later."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.building import build_data
from experiments.config.arguments import split_words
from experiments.config.composition import compose
from experiments.train import main
from seethrough.errors import SeethroughError

NAMES = ["focus", "preset/small", "data/synthetic"]


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("model.schedule.em_steps=-1", "'model': schedule.em_steps=-1 is negative"),
        ("model.face_model.identity=0", "'model': face_model.identity=0 must be at least 1"),
        ("model.face_model.level=7", "'model': face_model.level=7: the open face model has levels 0 to 3"),
        ("model.segmentation.widths=[8]", "must be two levels or more"),
        ("model.segmentation.widths=[]", "must be two levels or more"),
        ("model.segmentation.convolutions=[1,2]", "for each of the 4 levels of segmentation.widths"),
        ("model.segmentation.dropout=2", "must lie in [0, 1)"),
        ("model.loss.landmark_emphasised=[70]", "has 70, but landmarks are numbered from 0 to 67"),
        ("model.loss.neighbour_window=4", "'model': loss.neighbour_window=4 must be odd"),
        ("model.encoder_optimiser.decay_steps=0", "decay_steps=0 of an optimiser must be at least 1"),
        ("model.segmentation_optimiser.learning_rate=-1", "learning_rate=-1.0 of an optimiser is negative"),
        ("checkpoint.every_steps=0", "'checkpoint': every_steps=0 must be at least 1"),
        ("checkpoint.keep=0", "'checkpoint': keep=0 must be at least 1"),
        ("trainer.log_every_n_steps=0", "'trainer': log_every_n_steps=0 must be at least 1"),
    ],
)
def test_by_the_settings_themselves(override: str, said: str) -> None:
    assert said in refusal(lambda: compose(NAMES, [override]))


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("data.scene.level=7", "level=7: the open face model has levels 0 to 3"),
        ("data.scene.occluded_fraction=2", "must lie between 0 and 1"),
        ("data.workers=-1", "data.workers=-1 must not be negative"),
        ("data.render_processes=-2", "data.render_processes=-2 must not be negative"),
    ],
)
def test_by_the_data(override: str, said: str) -> None:
    composition = compose(NAMES, [override])
    assert said in refusal(lambda: build_data(composition))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("preset/bump_small data/photos", "'photos' in configs/data/photos.yaml:7 does not go with method 'bump'"),
        ("focus preset/small data/detail", "'detail' in configs/data/detail.yaml:3 does not go with method 'focus'"),
        ("recognition data/detail", "method 'recognition', which takes data/people, data/bump"),
        ("focus dataset=bump", "'bump' in override 'dataset=bump' does not go with method 'focus', which takes data/"),
    ],
)
def test_methods_and_data_that_do_not_go_together(words: str, said: str) -> None:
    names, overrides = split_words(words.split())
    assert said in refusal(lambda: compose(names, overrides))


@pytest.mark.parametrize("error", [ValueError("the widths\n do not fit"), IndexError("the widths do not fit")])
@pytest.mark.parametrize("group", ["Module", "Data"])
def test_what_only_building_finds_is_one_line_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: Exception, group: str
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(f"tests.experiments.tiny.Tiny{group}.__init__", fail)
    name = {"Module": "model", "Data": "data"}[group]
    said = refusal(lambda: main(["method=tiny", "dataset=points", "name=a", f"out={tmp_path}"]))
    assert said == f"bad settings in '{name}': the widths do not fit"
    assert not list(tmp_path.iterdir())


def refusal(act) -> str:
    with pytest.raises(SeethroughError) as caught:
        act()
    assert "\n" not in str(caught.value)
    return str(caught.value)
