from __future__ import annotations

import pytest

from experiments.sweep.planning import chosen_runs
from seethrough.errors import SeethroughError


def test_runs_are_the_product_of_list_grid_and_seeds(planned):
    plan = planned(
        "runs: [{name: a}, {name: b, settings: {model: {kind: constant}}}]\n"
        "grid: {model.slope: [1, 2.5]}\nseeds: [0, 3]\nseed_settings: ['seed={seed}', 'data.points={seed_plus_one}0']\n"
    )
    names = ["a_slope-1", "a_slope-2.5", "b_slope-1", "b_slope-2.5"]
    assert [job.name for job in plan.jobs] == [f"{name}_seed{seed}" for seed in (0, 3) for name in names]
    last = plan.jobs[-1]
    assert (last.variant, last.seed) == ("b_slope-2.5", 3)
    config = last.composition.config
    assert (config.seed, config.model.slope, config.model.kind, config.data.points) == (3, 2.5, "constant", 40)
    assert config.name == last.name and last.changes == {"model.kind": "constant", "model.slope": 2.5}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("name", "007"), ("out", "{a: b}"), ("wandb.project", "true"), ("wandb.tags", ["a b", "1e3", "None"]),
        ("model.optimiser.warmup", None), ("model.weights", {"a": 0.5}), ("model.slope", 1e-7), ("model.slope", -2),
        ("wandb.group", "it's \"so\""), ("data.folder", "${out}"),
    ],
)  # fmt: skip
def test_values_reach_the_training_as_they_stand_in_the_file(key, value):
    import yaml

    from experiments.config.composition import compose
    from experiments.sweep.planning import setting_text

    override = setting_text(key, value)
    plain = compose([], ["method=tiny", "dataset=points", "out=runs", override]).plain
    for part in key.split("."):
        plain = plain[part]
    assert plain == ("runs" if value == "${out}" else value), yaml.safe_dump(override)


def test_later_words_win_and_swept_ones_may_not_be_fixed(planned):
    plan = planned("grid: {model.slope: [1]}\n", overrides=["model.steps=2"], seeds=[5])
    assert plan.jobs[0].composition.config.model.steps == 2 and plan.jobs[0].name == "slope-1_seed5"
    with pytest.raises(SeethroughError, match=r"'model.slope=3': the sweep itself gives model.slope its values"):
        planned("grid: {model.slope: [1]}\n", overrides=["model.slope=3"])
    with pytest.raises(SeethroughError, match="gives seed its values"):
        planned("seeds: [1]\n", overrides=["seed=3"])


def test_some_runs_alone(planned):
    plan = planned("grid: {model.slope: [1, 2]}\nseeds: [0, 1]\n")
    assert [job.name for job in chosen_runs(plan, ["slope-1", "slope-2_seed1"]).jobs] == [
        "slope-1_seed0", "slope-1_seed1", "slope-2_seed1",
    ]  # fmt: skip
    with pytest.raises(SeethroughError, match=r"no run 'slop-1' \(did you mean 'slope-1'\?\)"):
        chosen_runs(plan, ["slop-1"])
