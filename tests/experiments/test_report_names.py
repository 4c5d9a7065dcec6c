"""Reports of different pictures never overwrite each other."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path

import pytest

from experiments.config.composition import compose
from experiments.evaluate import main
from experiments.evaluation.report_names import is_own_data, report_name
from experiments.run_folder import RunFolder, open_run
from tests.datamodules.photos.prepared import prepared_folder
from tests.experiments.reconstruction_photos import SIZE, save_network

LOADING = ["data.workers=0"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    folder = save_network(tmp_path_factory.mktemp("runs") / "small")
    (folder / "config.yaml").write_text(f"method: focus\ndataset: synthetic\nmodel:\n  image_size: {SIZE}\n")
    return open_run(folder)


def test_the_runs_own_data_are_known_however_they_are_loaded(run: RunFolder) -> None:
    def own(names: list[str], overrides: list[str]) -> bool:
        return is_own_data(run, run.composition(names, overrides))

    assert own([], []) and own([], ["data.workers=0", "data.batch_size=3"])
    assert not own(["data/ar"], [])
    assert not own([], ["data.test_identities=7"])


def test_names_tell_sets_apart() -> None:
    ar, scarf, lfw = (
        compose(["focus", name], overrides)
        for name, overrides in (("data/ar", []), ("data/ar", ["data.subset=a scarf"]), ("data/lfw", []))
    )
    others = {"own": False, "split": "test", "variant": ""}
    names = [
        report_name(ar, "ar test 1", **{**others, "own": True}),
        report_name(ar, "ar test 1", **others),
        report_name(ar, "ar test 2", **others),
        report_name(scarf, "ar test 1 a scarf", **others),
        report_name(lfw, "lfw test 1", **others),
        report_name(lfw, "", **others),
        report_name(ar, "ar test 1", **{**others, "split": "validation"}),
        report_name(ar, "ar test 1", **{**others, "variant": "adapted"}),
    ]
    assert all(one != other for one, other in combinations(names, 2))
    assert names[0] == "evaluation"
    assert names[1].startswith("evaluation_ar_") and names[3].startswith("evaluation_ar_a-scarf_")


def test_other_photos_leave_the_runs_own_report_as_it_is(run: RunFolder, tmp_path: Path) -> None:
    run.report.mkdir(parents=True, exist_ok=True)
    own = run.report / "evaluation.json"
    own.write_text('{"overall": {"images": 1}}')
    for name, split in (("a", "test"), ("b", "all")):
        prepared_folder(tmp_path / name, [{"split": "test"}] * 1 + [{"split": "test", "subset": name}])
        chosen = [f"data.prepared={tmp_path / name}", f"data.test_split={split}"]
        assert main([str(run.path), "data/photos", *chosen, *LOADING]) == 0
    assert own.read_text() == '{"overall": {"images": 1}}'
    written = sorted(run.report.glob("evaluation_photos_*.json"))
    reports = [report for report in written if not report.stem.endswith("_sheet")]
    assert len(reports) == 2 and len(list(run.report.glob("evaluation_photos_*.png"))) == 2
    tables = [json.loads(report.read_text()) for report in reports]
    assert sorted(table["data"]["split"] for table in tables) == ["all", "test"]
    for table in tables:
        assert table["overall"]["images"] == 2
        assert table["data"]["name"] == "photos" and table["data"]["set"].startswith("photos test ")
