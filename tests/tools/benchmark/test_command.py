from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from experiments.command_line import run
from seethrough.errors import SeethroughError
from seethrough.rendering import focus_camera
from seethrough.rendering.backends.cpu import CpuBackend
from tools.benchmark.command import main
from tools.benchmark.measuring import measure
from tools.benchmark.registry import SECTIONS, cases_of
from tools.benchmark.rendering.renderer import autograd_picture
from tools.benchmark.rendering.scenes import posed_shell, shell_model

KEYS = [
    *("section", "case", "cpu_s", "wall_s", "wall_s_spread", "peak_mb", "reference_cpu_s", "ratio"),
    *("flop", "bytes", "ceiling_fraction", "device"),
]


@pytest.fixture(autouse=True)
def _threads():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_list_names_every_case_once(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--list"])
    lines = capsys.readouterr().out.splitlines()
    assert lines == [f"{section}: {case}" for section in SECTIONS for case in cases_of(section)]
    assert len(set(lines)) == len(lines)
    assert "renderer: 224 53k forward+backward" in lines


def test_json_has_the_documented_keys(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "rows.json"
    main(["renderer", "--case", "80 5k face forward+backward", "--json", str(path)])
    (row,) = json.loads(path.read_text())
    assert list(row) == KEYS
    assert row["section"] == "renderer"
    assert row["case"] == "80 5k face forward+backward"
    assert 0 < row["cpu_s"] < 1
    assert row["peak_mb"] > 10
    assert "80 5k face forward+backward" in capsys.readouterr().out


def test_mistakes_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run(main, ["render"])
    assert ended.value.code == 2
    assert capsys.readouterr().err.splitlines() == [
        f"error: unknown benchmark section 'render': choose from {', '.join(SECTIONS)}"
    ]
    with pytest.raises(SeethroughError, match="folder does not exist"):
        main(["decode", "--json", str(tmp_path / "missing" / "rows.json")])


def test_measure_divides_by_the_images_and_compares() -> None:
    def work(count: int) -> None:
        matrix = torch.ones(120, 120)
        for _ in range(count):
            matrix = matrix @ matrix / 120

    row = measure("s", "c", lambda: work(200), per=4, repeats=5, reference=lambda: work(200), bytes_moved=1e6)
    # four images a call against one a call of the same work
    assert row.ratio is not None
    assert 1 / 8 < row.ratio < 1 / 2
    assert row.ratio == pytest.approx(row.cpu_s / row.reference_cpu_s)
    assert row.ceiling_fraction > 0


def test_the_reference_computes_what_the_kernels_compute() -> None:
    model = shell_model(31, 1, 1, 1)
    clip = focus_camera(48).clip(posed_shell(model, 2))
    colours = torch.rand(2, model.vertex_count, 3)
    backend = CpuBackend()
    rast = backend.rasterize(clip, model.triangles, 48, 48, cull=True)
    image = backend.interpolate(colours, rast, model.triangles)
    expected = autograd_picture(clip.double(), model.triangles, colours.double(), rast)
    error = (image[rast[..., 3] > 0].double() - expected).abs()
    assert error.median() < 1e-6
    assert error.mean() < 1e-3
