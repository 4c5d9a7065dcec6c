from __future__ import annotations

from pathlib import Path

import pytest

from experiments.config.sources import config_names
from experiments.studies.planning.plan import make_plan, study_runs
from experiments.studies.planning.specification import Study, read_catalogue, read_study, study_names
from experiments.studies.planning.sweep import sweep_points
from seethrough.errors import SeethroughError

CATALOGUE = read_catalogue()
ROOT = Path("nowhere")


def plan(*names: str, **options):
    return make_plan([read_study(name, CATALOGUE) for name in names], CATALOGUE, ROOT, **options)


def test_every_study_of_the_paper_is_there():
    expected = {
        "image_fit",
        "occlusion_shape",
        "masks",
        "ablation",
        "misfit_prior",
        "segmentation_weights",
        "em_rounds",
        "em_schedule",
        "bump_translation",
    }
    assert set(study_names()) == expected
    for name in expected:
        study = read_study(name, CATALOGUE)
        assert (study.folder / "README.md").is_file() and study.title


def test_the_catalogue_names_configs_that_exist():
    there = config_names()
    names = {run.config for run in CATALOGUE.runs.values()} | {*CATALOGUE.common, *CATALOGUE.quick}
    for run in CATALOGUE.runs.values():
        names |= {*(run.common or ()), *(run.quick or ())}
    assert names <= set(there)


def test_a_run_that_several_studies_need_is_planned_once():
    together = plan(
        "image_fit", "occlusion_shape", "masks", "ablation", "em_schedule", "bump_translation", seeds=[0, 1]
    )
    keys = [job.key for job in together.jobs]
    assert len(keys) == len(set(keys))
    assert {name for _, name in keys} == set(CATALOGUE.runs)


def test_every_run_comes_after_the_one_it_begins_at():
    seen = set()
    for job in plan(*study_names()).jobs:
        assert job.begins_at is None or (job.begins_at.key in seen and job.begins_at.seed == job.seed)
        seen.add(job.key)


def test_what_tells_most_comes_first_and_sweeps_last():
    of_all = ("ablation", "image_fit", "segmentation_weights", "em_schedule", "bump_translation")
    together = plan(*of_all, seeds=[0, 1])
    names = [(job.seed, job.name) for job in together.jobs]
    rows = [name for seed, name in names if seed == 0 and name in CATALOGUE.runs and CATALOGUE.runs[name].evaluated]
    assert rows == [name for name, run in CATALOGUE.runs.items() if run.evaluated]
    swept = [place for place, (_, name) in enumerate(names) if name.startswith("sweep-")]
    assert swept == list(range(len(names) - len(swept), len(names)))
    assert {seed for seed, name in names if name.startswith("sweep-")} == {0}


def test_seeds():
    assert plan("ablation").seeds == {"ablation": (0, 1, 2)}
    assert plan("segmentation_weights").seeds == {"segmentation_weights": (0,)}
    assert plan("segmentation_weights", seeds=[4, 3]).seeds == {"segmentation_weights": (3, 4)}
    assert plan("segmentation_weights", "masks", seeds=[3]).seeds == {"segmentation_weights": (0,), "masks": (3,)}
    assert plan("masks", quick=True).seeds == {"masks": (0,)}


def test_only_keeps_a_row_and_what_it_begins_at():
    assert [job.name for job in plan("ablation", seeds=[0], only=["focus"]).jobs] == [
        "warm_start",
        "initialised",
        "focus",
    ]
    with pytest.raises(SeethroughError, match=r"unknown row 'focsu' \(did you mean 'focus'\?\)"):
        plan("ablation", only=["focsu"])


def test_seeds_differ_in_networks_and_people():
    first, second = (job for job in plan("em_rounds", seeds=[0, 1]).jobs if job.name == "warm_start")
    assert first.composition.config.seed == 0 and second.composition.config.seed == 1
    assert first.composition.config.data.seed != second.composition.config.data.seed


def test_stems_stop_where_their_stage_ends_and_rows_keep_their_rounds():
    warm_start, initialised, focus = plan("em_rounds", seeds=[0]).jobs
    schedule = focus.composition.config.model.schedule
    warm = schedule.supervised_steps + schedule.landmark_steps + schedule.colour_steps
    assert warm_start.last_step == warm and warm_start.milestones == [warm]
    assert initialised.last_step == warm + schedule.initialisation_steps + schedule.pretraining_steps
    assert focus.last_step > initialised.last_step
    assert focus.rounds[0] == initialised.last_step and focus.rounds[-1] == focus.last_step
    assert focus.checkpoint(focus.rounds[0]).is_relative_to(initialised.folder.path)
    assert focus.checkpoint(focus.rounds[1]).is_relative_to(focus.folder.path)


def test_rows_of_one_seed_share_their_data():
    jobs = [job for job in plan("image_fit", "ablation", seeds=[0]).jobs]
    assert all(job.composition.plain["data"] == jobs[0].composition.plain["data"] for job in jobs)


def test_a_sweep_changes_one_weight_at_a_time():
    study = read_study("segmentation_weights", CATALOGUE)
    points = sweep_points(study, CATALOGUE)
    assert {point.name for point in points} == {"neighbour", "distance", "area", "preserve", "binary"}
    for name in ("neighbour", "binary"):
        values = [point.value for point in points if point.name == name]
        standard = next(point.value for point in points if point.name == name and point.standard)
        assert values == sorted(values) and values[0] == standard / 4 and values[-1] == 2 * standard
    base = study_runs(study, CATALOGUE)["focus"]
    for point in points:
        run = study_runs(study, CATALOGUE)[point.row]
        assert run.after == base.after
        assert run.overrides == (() if point.standard else (f"{point.key}={point.value:g}",))
    assert len([p for p in sweep_points(study, CATALOGUE, quick=True) if not p.standard]) == 2


def test_a_swept_setting_must_be_a_number(tmp_path):
    study = read_study("segmentation_weights", CATALOGUE)
    swept = {"x": study.sweep["area"].__class__("x", "model.mask", (1.0, 2.0))}
    with pytest.raises(SeethroughError, match=r"a sweep multiplies 'model\.mask', but it is 'segmentation'"):
        sweep_points(Study("a", "A", ("focus",), sweep=swept), CATALOGUE)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rows: {a: {confg: x}}", "unknown key 'confg' of 'a' .did you mean 'config'"),
        ("rows: {a: {minutes: 3}}", "run 'a' has no config"),
        ("rows: {a: {config: x, after: b}}", "run 'a' comes after unknown 'b'"),
        ("rows: {a: {config: x, until: breakfast}}", "stops at unknown stage 'breakfast'"),
        ("rows: {a: {config: x}, b: {config: x, after: a}}", "'b' comes after 'a', which has no stage to stop at"),
        ("rows: {a: 3}", "the entry of 'a' must be a mapping"),
        ("rows: [", "cannot read"),
    ],
)
def test_a_catalogue_that_is_wrong(tmp_path, text, message):
    path = tmp_path / "catalogue.yaml"
    path.write_text(text)
    with pytest.raises(SeethroughError, match=message):
        read_catalogue(path)


def test_an_unknown_study():
    with pytest.raises(SeethroughError, match=r"unknown study 'ablatoin' \(did you mean 'ablation'\?\)"):
        read_study("ablatoin", CATALOGUE)
