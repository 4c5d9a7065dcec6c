from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import torch

from experiments.command_line import run
from experiments.shading_study.command import main
from experiments.shading_study.faces import StudyFace
from experiments.shading_study.parameter_sets import PARAMETER_SETS
from experiments.shading_study.scoring import MEASURES, fine_part, score, summarise
from seethrough.details.shading import ShadingSettings
from seethrough.rendering import Camera


@pytest.fixture(autouse=True)
def _threads():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def rippled_plane(size: int = 64) -> StudyFace:
    """Return a plane with ripples of 0.2 mm under a light from above, pixels of 0.5 mm."""
    camera = Camera(1000.0, size, size)
    y = torch.arange(size)[:, None].expand(size, size) * 0.5
    bump = 0.2 * torch.sin(y / 0.8)
    slope = 0.25 * torch.cos(y / 0.8)
    bright = (0.5 + 0.3 * slope) / (1 + slope.square()).sqrt()
    ground = 500 + 0.2 * y  # a slanted plane, so that its light can be told
    skin = torch.zeros(size, size, dtype=torch.bool)
    skin[4:-4, 4:-4] = True
    return StudyFace("0-0", bright.expand(3, -1, -1), ground, bump, skin, camera)


def test_doing_nothing_leaves_the_whole_bump() -> None:
    face = rippled_plane()
    numbers = score(face, None)
    assert set(numbers) == set(MEASURES)
    assert numbers["rmse_mm"] == pytest.approx(float(face.bump[face.skin].square().mean().sqrt()), rel=1e-5)
    assert math.isnan(numbers["correlation"])
    assert numbers["seconds"] == 0


def test_a_set_of_parameters_is_measured() -> None:
    numbers = score(rippled_plane(), ShadingSettings())
    assert numbers["seconds"] > 0
    assert -1 <= numbers["correlation"] <= 1
    assert numbers["rmse_mm"] > 0


def test_the_fine_part_leaves_forms_out() -> None:
    skin = torch.ones(80, 80, dtype=torch.bool)
    form = torch.linspace(-3, 3, 80).expand(80, 80)
    wrinkle = torch.zeros(80, 80)
    wrinkle[40] = 0.5
    fine = fine_part(form + wrinkle, skin, 0.55)
    assert float(fine[40, 20:60].mean()) > 0.4
    assert float(fine[10:30, 25:55].abs().max()) < 0.05


def test_means_are_over_faces_and_deviations_over_seeds() -> None:
    rows = [
        {"parameters": "a", "seed": seed, **dict.fromkeys(MEASURES, value)}
        for seed, value in ((0, 1.0), (0, 3.0), (1, 4.0))
    ]
    (line,) = summarise(rows, ("parameters",))
    assert (line["parameters"], line["faces"]) == ("a", 3)
    assert line["rmse_mm"] == pytest.approx(3.0)  # of the seeds' means 2 and 4
    assert line["rmse_mm_deviation"] == pytest.approx(2**0.5)


def test_what_has_no_correlation_has_none_in_the_table() -> None:
    numbers = {**dict.fromkeys(MEASURES, 1.0), "correlation": float("nan")}
    (line,) = summarise([{"parameters": "nothing", "seed": seed, **numbers} for seed in (0, 1)], ("parameters",))
    assert math.isnan(line["correlation"])
    assert math.isnan(line["correlation_deviation"])
    assert (line["rmse_mm"], line["rmse_mm_deviation"]) == (1.0, 0.0)


def test_mistakes_are_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for arguments, told in (
        (["--sets", "kinekt"], "unknown name 'kinekt' (did you mean 'kinect'?): choose from nothing"),
        (["--size", "63"], "--size 63 must be at least 64"),
        (["--json", str(tmp_path / "no" / "table.json")], "its folder does not exist"),
    ):
        with pytest.raises(SystemExit) as ended:
            run(main, arguments)
        assert ended.value.code == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert told in line


@pytest.mark.slow
def test_the_command_writes_table_rows_and_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table, page, picture = tmp_path / "table.json", tmp_path / "table.md", tmp_path / "faces.png"
    sets = ["nothing", "kinect", "default"]
    outputs = ["--json", str(table), "--table", str(page), "--picture", str(picture)]
    main(["--seeds", "5", "6", "--faces", "1", "--size", "128", "--sets", *sets, *outputs])
    written = json.loads(table.read_text())
    assert len(written["rows"]) == 2 * 2 * len(sets)
    assert [line["parameters"] for line in written["table"]] == sets * 2
    assert {line["foundation"] for line in written["table"]} == {"exact", "few modes"}
    assert "\n| exact | kinect | " in page.read_text()
    assert written["commit"] in page.read_text()
    assert picture.stat().st_size > 1000
    assert "default" in capsys.readouterr().out
    assert set(sets) < set(PARAMETER_SETS)
