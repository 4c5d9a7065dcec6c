from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from datamodules.now.challenge import challenge_images
from datamodules.now.meshes import read_landmarks, read_picked_points, read_shape, read_vertices
from experiments.command_line import run
from seethrough.errors import SeethroughError
from seethrough.meshes import Mesh, write_mesh
from seethrough.metrics.scan_to_mesh import scan_to_mesh
from tests.metrics.face_scans import AVERAGE, landmarks, surface
from tools.now_score.command import main
from tools.now_score.report import cumulative_error

PEOPLE = {"FaMoS_1_TA": AVERAGE, "FaMoS_2_TA": (1.2, -1.0, 0.8, 1.0, -1.1)}
IMAGES = (
    "FaMoS_1_TA/multiview_neutral/IMG_0041.jpg",
    "FaMoS_1_TA/selfie/IMG_0042.jpg",
    "FaMoS_2_TA/multiview_neutral/IMG_0043.jpg",
)


def write_obj(path: Path, vertices: np.ndarray, triangles: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"v {x:.6f} {y:.6f} {z:.6f}" for x, y, z in vertices] + [f"f {a} {b} {c}" for a, b, c in triangles + 1]
    path.write_text("\n".join(lines) + "\n")


def write_points(path: Path, marks: np.ndarray) -> None:
    """As MeshLab does: other elements before the points, attributes in no fixed order."""
    path.parent.mkdir(parents=True, exist_ok=True)
    points = [
        f'  <point y="{y:.6f}" name="{n}" x="{x:.6f}" active="1" z="{z:.6f}"/>' for n, (x, y, z) in enumerate(marks)
    ]
    head = ["<!DOCTYPE PickedPoints>", "<PickedPoints>", ' <DocumentData><DataFileName name="x.obj"/></DocumentData>']
    path.write_text("\n".join([*head, *points, "</PickedPoints>", ""]))


@pytest.fixture
def now(tmp_path: Path) -> Path:
    """A data set of two people and a prediction of the average face for each photo, in centimetres."""
    dataset, predictions = tmp_path / "NoW_Dataset", tmp_path / "predictions"
    for person, traits in PEOPLE.items():
        write_obj(dataset / f"scans/{person}/natural_head_rotation.000001.obj", *surface(61, 71, traits))
        marks = dataset / f"scans_lmks_onlypp/{person}/natural_head_rotation.000001_picked_points.pp"
        write_points(marks, landmarks(traits))
    (dataset / "imagepathsvalidation.txt").write_text("\n".join(IMAGES) + "\n")
    vertices, triangles = surface(31, 37, AVERAGE)
    for number, image in enumerate(IMAGES):
        place = predictions / image.removesuffix(".jpg")
        if number == 1:
            write_mesh(place.with_suffix(".ply"), Mesh(0.1 * vertices, triangles))
            np.savetxt(place.with_suffix(".txt"), 0.1 * landmarks(AVERAGE))
        else:
            write_obj(place.with_suffix(".obj"), 0.1 * vertices, triangles)
            np.save(place.with_suffix(".npy"), 0.1 * landmarks(AVERAGE)[None])
    return tmp_path


def score(folder: Path, *options: str) -> dict:
    places = [str(folder / "NoW_Dataset"), str(folder / "predictions"), "--json", str(folder / "scores.json")]
    assert main([*places, "--jobs", "1", *options]) == 0
    return json.loads((folder / "scores.json").read_text())


def test_scores_are_those_of_the_metric(now: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = score(now)
    vertices, triangles = surface(31, 37, AVERAGE)
    expected = []
    for image in IMAGES:
        person = PEOPLE[image.split("/")[0]]
        scan = surface(61, 71, person)[0].round(6)
        expected.append(scan_to_mesh(scan, landmarks(person), vertices, triangles, landmarks(AVERAGE)).distances)
        assert result["images"][image]["mean_mm"] == pytest.approx(expected[-1].mean(), abs=1e-4)
        assert result["images"][image]["points"] == len(expected[-1])
    # The points of all images together, not a mean of means.
    points = np.concatenate(expected)
    assert result["all"]["median_mm"] == pytest.approx(np.median(points), abs=1e-4)
    assert result["all"]["std_mm"] == pytest.approx(points.std(), abs=1e-4)
    assert result["all"]["images"] == 3 and result["missing"] == [] and result["missing_count"] == 0
    neutral = np.concatenate([expected[0], expected[2]])
    assert result["challenges"]["multiview_neutral"]["mean_mm"] == pytest.approx(neutral.mean(), abs=1e-4)
    assert "multiview_neutral" in capsys.readouterr().out


def test_missing_predictions_are_counted_and_listed(now: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (now / "predictions" / "FaMoS_1_TA/selfie/IMG_0042.ply").unlink()
    (now / "predictions" / "FaMoS_2_TA/multiview_neutral/IMG_0043.npy").unlink()
    result = score(now)
    assert result["missing"] == [IMAGES[1], IMAGES[2]] and result["missing_count"] == 2
    assert "no .npy or .txt" in result["missing_reasons"][IMAGES[2]]
    assert result["challenges"]["selfie"] == {
        "median_mm": None, "mean_mm": None, "std_mm": None, "points": 0, "images": 0,
    }  # fmt: skip
    assert "2 images without a score" in capsys.readouterr().out


def test_damaged_predictions_do_not_end_the_scoring(now: Path) -> None:
    (now / "predictions" / "FaMoS_1_TA/selfie/IMG_0042.ply").write_bytes(b"ply\nformat")
    np.save(now / "predictions" / "FaMoS_1_TA/multiview_neutral/IMG_0041.npy", np.zeros((6, 3)))
    result = score(now)
    assert list(result["images"]) == [IMAGES[2]]
    assert "expected (7, 3)" in result["missing_reasons"][IMAGES[0]]


def test_metrical_needs_the_right_unit(now: Path, capsys: pytest.CaptureFixture[str]) -> None:
    right, wrong = score(now, "--metrical", "--unit", "cm"), score(now, "--metrical")
    assert right["all"]["mean_mm"] < 1 < wrong["all"]["mean_mm"]
    assert "is it cm?" in wrong["images"][IMAGES[0]]["warnings"]["unit"]
    assert "warning: FaMoS_1_TA/multiview_neutral/IMG_0041.jpg and 2 more: " in capsys.readouterr().out


def test_report(now: Path) -> None:
    score(now, "--out", str(now / "report"))
    assert "| all | " in (now / "report/scores.md").read_text()
    assert (now / "report/cumulative_error.png").stat().st_size > 1000
    with np.load(now / "report/distances.npz", allow_pickle=False) as distances:
        assert set(distances.files) == set(IMAGES)


@pytest.mark.slow
def test_processes_change_nothing(now: Path) -> None:
    alone = score(now)
    assert score(now, "--jobs", "2") == alone


def test_cumulative_error_by_hand() -> None:
    points = np.array([0.5, 1.0, 1.5, 4.0])
    assert cumulative_error(points, np.array([0.0, 1.0, 2.0, 8.0])).tolist() == [0, 50, 75, 100]


def test_mistakes_are_one_line(now: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dataset, predictions = str(now / "NoW_Dataset"), str(now / "predictions")
    mistakes = {
        ("nowhere", predictions): "there is no folder nowhere",
        (predictions, predictions): "is it the NoW data set?",
        (dataset, "nowhere"): "it should hold FaMoS_1_TA/multiview_neutral/IMG_0041.obj",
        (dataset, str(now), "--jobs", "1"): "none of 3 images has a prediction",
        (dataset, predictions, "--jobs", "0"): "--jobs 0 must be at least 1",
        (dataset, predictions, "--unit", "m"): "--unit only counts with --metrical",
        (dataset, predictions, "--split", "test"): "has no imagepathstest.txt",
    }
    for arguments, message in mistakes.items():
        with pytest.raises(SystemExit) as left:
            run(main, list(arguments))
        error = capsys.readouterr().err.strip().splitlines()[-1]
        assert left.value.code == 2 and error.startswith("error: ") and message in error, error
    (now / "NoW_Dataset/scans/FaMoS_2_TA/natural_head_rotation.000001.obj").unlink()
    with pytest.raises(SeethroughError, match=r"FaMoS_2_TA holds 0 \.obj or \.ply files"):
        score(now)


def test_lists_and_points_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "imagepathsvalidation.txt").write_text("A/neutral/1.jpg\n../../etc/passwd.x\n")
    with pytest.raises(SeethroughError, match=r"validation\.txt row 2: .* is not SUBJECT/CHALLENGE/IMAGE\.jpg"):
        challenge_images(tmp_path)
    write_points(tmp_path / "six.pp", landmarks(AVERAGE)[:6])
    with pytest.raises(SeethroughError, match="6 points, expected 7"):
        read_picked_points(tmp_path / "six.pp")
    np.save(tmp_path / "pickled.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(SeethroughError, match="no landmarks"):
        read_landmarks(tmp_path / "pickled.npy")


def test_quick_reader_reads_what_the_careful_one_does(tmp_path: Path) -> None:
    from seethrough.meshes import read_mesh

    variants = {
        "plain": "v 0 0 0\nv 1 0 0\nv 0 1 0.5\nf 1 2 3\n",
        "texture": "v 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nvn 0 0 1\nf 1/1/1 2/1/1 3/1/1\n",
        "quads": "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nf 1 2 3 4\n",
        "colours": "v 0 0 0 1 0 0\nv 1 0 0 1 0 0\nv 0 1 0 1 0 0\nf 1 2 3\n",
        "tabs": "v\t0 0 0\nv 1\t0 0\nv 0 1 0.5\nf\t1 2 3\n",
        "a quad and an edge": "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nf 1 2 3 4\nf 1 2 3\n",
        "from the end": "v 0 0 0\nv 1 0 0\nv 0 1 0\nf -3 -2 -1\n",
        "comment": "# x\nv 0 0 0 # y\nv 1 0 0\nv 0 1 0\n\nf 1 2 3 # z\n",
    }
    for name, text in variants.items():
        path = tmp_path / f"{name}.obj"
        path.write_text(text)
        vertices, triangles = read_shape(path)
        expected = read_mesh(path)
        assert vertices.tolist() == expected.vertices.tolist() == read_vertices(path).tolist(), name
        assert triangles.tolist() == expected.triangles.tolist(), name
