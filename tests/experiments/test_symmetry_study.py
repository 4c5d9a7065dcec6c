from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from experiments.command_line import run
from experiments.symmetry_study.command import main
from experiments.symmetry_study.faces import TurnedFace
from experiments.symmetry_study.methods import METHODS, foundation_only
from experiments.symmetry_study.scoring import MEASURES, faces_won, score, summarise
from seethrough.details import foundation_depth, foundation_from_vertices
from seethrough.meshes import Mesh
from seethrough.rendering import Camera, pose
from tests.small_face import small_face_model


@pytest.fixture(autouse=True)
def _threads():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def shell() -> TurnedFace:
    """Return a turned shell whose truth lies 1 mm outside its foundation everywhere."""
    model = small_face_model(31)
    vertices = pose(model.mean[None], torch.tensor([[0.0, 0.7, 0.0]]), torch.zeros(1, 3))[0]
    foundation = foundation_from_vertices(model, vertices, Camera(500.0, 140, 140))
    smooth = Mesh(vertices.numpy(), model.triangles.numpy())
    truth = Mesh(smooth.vertices + smooth.normals(), smooth.triangles)
    depth, mask = foundation_depth(foundation, backend="cpu")
    raised = foundation_from_vertices(model, torch.from_numpy(truth.vertices).float(), foundation.camera)
    true_depth, true_mask = foundation_depth(raised, backend="cpu")
    visible = mask * true_mask * ((depth - true_depth).abs() < 5)
    inner = np.abs(model.mean.numpy()[:, :2] / [75, 100]).max(1) < 0.85
    away = -(smooth.normals() * smooth.vertices).sum(1) < 0
    parts = (inner & away, inner & away & ~away[model.mirror.numpy()], inner & ~away)
    hidden, across, seen = (np.flatnonzero(part) for part in parts)
    return TurnedFace("0-0 40", 40.0, model, foundation, true_depth, visible, truth, hidden, across, seen)


def test_each_method_is_measured_and_symmetry_finds_what_the_foundation_lacks() -> None:
    face = shell()
    assert min(len(face.hidden), len(face.across), len(face.seen)) > 10
    numbers = {name: score(face, method) for name, method in METHODS.items()}
    for row in numbers.values():
        assert set(row) >= set(MEASURES)
    foundation = numbers["foundation only"]
    assert foundation["across_mm"] == pytest.approx(1.0, abs=0.1)
    assert foundation["seen_mm"] == pytest.approx(1.0, abs=0.1)
    for name in ("default", "default, stitched", "plain mirroring"):
        assert numbers[name]["seen_mm"] < 0.1
        assert numbers[name]["across_mm"] < 0.3
    truth = score(face, lambda face: face.truth)
    assert max(truth[name] for name in MEASURES if name.endswith("mm")) < 1e-6
    assert score(face, foundation_only)["hidden_degrees"] == pytest.approx(foundation["hidden_degrees"])


def test_means_are_over_faces_deviations_over_seeds_and_gains_face_by_face() -> None:
    def row(method: str, seed: int, face: str, value: float, modes: int = 8) -> dict[str, object]:
        return {"method": method, "seed": seed, "face": face, "modes": modes, **dict.fromkeys(MEASURES, value)}

    rows = [row("foundation only", 0, "a", 3.0), row("foundation only", 1, "b", 5.0)]
    rows += [row("other", 0, "a", 1.0), row("other", 1, "b", 5.0)]
    plain, other = summarise(rows, ("method",))
    fewer = [row("foundation only", 0, "a", 9.0, 30), row("other", 0, "a", 4.0, 30)]
    gains = {(line["modes"], line["method"]): line["gain_mm"] for line in summarise(rows + fewer, ("modes", "method"))}
    assert gains[30, "other"] == 5.0 and gains[8, "other"] == 1.0
    assert (plain["hidden_mm"], plain["gain_mm"]) == (4.0, 0.0)
    assert (other["across_mm"], other["gain_mm"], other["faces"]) == (3.0, 1.0, 2)
    assert other["gain_mm_deviation"] == pytest.approx(2**0.5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--methods", "mirror"], "--methods: unknown name 'mirror'"),
        (["--yaws", "120"], "--yaws 120: degrees from 0 to 90"),
        (["--modes", "-3"], "--modes -3 must not be negative; 0 is all"),
        (["--table", "/no/such/folder/t.md"], "cannot write /no/such/folder/t.md: its folder does not exist"),
    ],
)
def test_mistakes_are_one_line(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run(main, arguments)
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: {message}")


@pytest.mark.slow
def test_the_command_measures_a_person_and_draws_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table, page, picture = tmp_path / "table.json", tmp_path / "table.md", tmp_path / "faces.png"
    chosen = ["--methods", "foundation only", "default", "--modes", "8", "--yaws", "45", "--size", "250"]
    main(
        [*chosen, "--seeds", "0", "--faces", "1", "--json", str(table), "--table", str(page), "--picture", str(picture)]
    )
    written = json.loads(table.read_text())
    plain, ours = written["table"]
    assert ours["across_mm"] < 0.7 * plain["across_mm"]
    assert ours["gain_mm"] == pytest.approx(plain["across_mm"] - ours["across_mm"])
    assert written["faces_won"] == [{"than": "foundation only", "closer": 1, "faces": 1}]
    assert f"- commit: {written['commit']}" in page.read_text()
    assert "\n| default | 8 | 45 | " in page.read_text()
    assert np.asarray(Image.open(picture)).std() > 20
    assert "foundation only" in capsys.readouterr().out


def test_without_the_foundation_only_there_is_no_gain_to_tell_and_no_failure() -> None:
    rows = [{"method": "default", "seed": seed, "face": "a", **dict.fromkeys(MEASURES, 1.0)} for seed in (0, 1)]
    (line,) = summarise(rows, ("method",))
    assert np.isnan(line["gain_mm"]) and np.isnan(line["gain_mm_deviation"])
    assert line["across_mm"] == 1.0


def test_faces_are_won_one_by_one() -> None:
    values = {"foundation only": (3.0, 1.0), "default": (2.0, 2.0), "paper": (2.5, 3.0)}
    rows = [{"method": name, "face": face, "modes": 8, "across_mm": value}
            for name, pair in values.items() for face, value in zip("ab", pair, strict=True)]  # fmt: skip
    assert faces_won(rows) == [
        {"than": "foundation only", "closer": 1, "faces": 2},
        {"than": "paper", "closer": 2, "faces": 2},
    ]
    assert faces_won(rows[:2]) == []
