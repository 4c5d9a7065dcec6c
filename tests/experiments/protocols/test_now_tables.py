from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import stats

from datamodules.now.scoring import Scores
from experiments.protocols.command import main
from experiments.protocols.matched_pairs import MatchedPair, read_matched_pairs
from experiments.protocols.now_pairs import pair_numbers
from experiments.protocols.now_scored import handing_in
from seethrough.errors import SeethroughError
from seethrough.meshes import read_mesh
from seethrough.metrics.scan_to_mesh import scan_to_mesh
from seethrough.morphable.loading import load_face_model
from tests.datamodules.photos.prepared import prepared_folder
from tests.experiments.protocols.conftest import GAIN, SIZE
from tests.tools.test_now_score import write_obj, write_points

IMAGES = (
    "FaMoS_1_TA/multiview_neutral/IMG_0041.jpg",
    "FaMoS_1_TA/multiview_occlusions/IMG_0042.jpg",
    "FaMoS_2_TA/multiview_neutral/IMG_0043.jpg",
    "FaMoS_2_TA/multiview_occlusions/IMG_0044.jpg",
)


@pytest.fixture
def now(tmp_path) -> list[str]:
    """Two people of whom the first is what the misfit prior makes of the mean face, and four prepared photos."""
    model = load_face_model("open", level=0)
    marks = model.now_landmarks.numpy()
    for number, person in enumerate(("FaMoS_1_TA", "FaMoS_2_TA")):
        identity = torch.zeros(1, 3)
        identity[0, number] = (-GAIN, 2.0)[number]
        scan = model.shape(identity)[0].double().numpy()
        write_obj(tmp_path / f"now/scans/{person}/scan.obj", scan, model.triangles.numpy())
        write_points(tmp_path / f"now/scans_lmks_onlypp/{person}/scan.pp", scan[marks])
    (tmp_path / "now/imagepathsvalidation.txt").write_text("\n".join(IMAGES) + "\n")
    rows = []
    for image in IMAGES:
        person, challenge, name = image.split("/")
        identifier = f"{person}__{challenge}__{name.removesuffix('.jpg')}"
        rows.append({"id": identifier, "split": "validation", "subset": challenge, "identity": person})
    prepared_folder(tmp_path / "prepared", rows, side=SIZE, data_set="now", root=str(tmp_path / "now"))
    return [f"now.prepared={tmp_path / 'prepared'}", f"now.root={tmp_path / 'now'}", "data.workers=0"]


def scan(folder: Path, person: str) -> np.ndarray:
    return read_mesh(folder / f"now/scans/{person}/scan.obj").vertices


def test_predictions_in_the_official_layout_and_their_scores(network, now, tmp_path, capsys):
    out = tmp_path / "out"
    options = ["--level", "0", "--jobs", "1", "--out", str(out), "--json", str(tmp_path / "now.json")]
    assert main(["now", str(network), *now, *options]) == 0
    model = load_face_model("open", level=0)
    marks, triangles = model.now_landmarks.numpy(), model.triangles.numpy()
    (plain,), (corrected,) = out.glob("*/plain"), out.glob("*/misfit_prior")
    expected = []
    for image in IMAGES:
        mesh, points = read_mesh(plain / image.replace(".jpg", ".ply")), np.load(plain / image.replace(".jpg", ".npy"))
        assert points.shape == (7, 3) and len(mesh.vertices) == len(model.mean)
        np.testing.assert_allclose(mesh.vertices, model.mean.numpy(), atol=1e-3)  # untrained: the mean face
        np.testing.assert_allclose(points, mesh.vertices[marks], atol=1e-3)
        true = scan(tmp_path, image.split("/")[0])
        expected.append(scan_to_mesh(true, true[marks], mesh.vertices, triangles, points).distances)
    numbers = json.loads((tmp_path / "now.json").read_text())
    ours = numbers["measured"][str(network)]
    assert ours["now"]["all"]["mean_mm"] == pytest.approx(np.concatenate(expected).mean(), abs=1e-4)
    assert ours["now"]["all"]["images"] == 4 and ours["now"]["missing"] == {}
    assert ours["now"]["challenges"].keys() == {"multiview_neutral", "multiview_occlusions"}
    # The prior makes the first person right.
    mesh = read_mesh(corrected / IMAGES[0].replace(".jpg", ".ply"))
    np.testing.assert_allclose(mesh.vertices, scan(tmp_path, "FaMoS_1_TA"), atol=2e-3)
    assert ours["misfit_prior"]["all"]["mean_mm"] < ours["now"]["all"]["mean_mm"]
    assert ours["misfit_prior_gain"]["images"] == 4 and ours["misfit_prior_gain"]["improved_share"] >= 0.5
    assert numbers["published"]["FOCUS"] == {"median": 1.05, "mean": 1.31, "std": 1.14}  # of validation people
    said = " ".join(capsys.readouterr().out.split())
    assert "NoW, validation people" in said and "now.test_split=test takes the test people" in said
    # What it wrote can be scored in the place of a run, like any other method's meshes.
    capsys.readouterr()
    assert main(["now", str(plain), now[1], "--jobs", "1", "--json", str(tmp_path / "again.json")]) == 0
    again = json.loads((tmp_path / "again.json").read_text())["measured"][str(plain)]
    assert again["now"]["all"] == ours["now"]["all"]
    assert "1.05  1.31  1.14" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("focus_table3", "1.02  1.24  1.02"),
        pytest.param("focus_supplement2", "1.02  1.25  1.04", marks=pytest.mark.slow),
    ],
)
def test_matched_pairs(network, now, tmp_path, capsys, name, row):
    pairs = tmp_path / "pairs.csv"
    pairs.write_text("plain,occluded\n" + "\n".join(f"{IMAGES[k]},{IMAGES[k + 1]}" for k in (0, 2)) + "\n")
    arguments = [str(network), *now, "--level", "0", "--jobs", "1", "--pairs", str(pairs)]
    assert main([name, *arguments, "--json", str(tmp_path / "pairs.json")]) == 0
    numbers = json.loads((tmp_path / "pairs.json").read_text())["measured"]
    ours, corrected = numbers[str(network)], numbers[f"{network}-MP"]
    assert ours["pairs"] == 2 and ours["people"] == 2 and ours["missing_pairs"] == 0
    assert ours["occluder_adds"]["mean_mm"] == pytest.approx(0, abs=1e-9)  # one mesh for all photos
    assert ours["unoccluded"]["mean_mm"] == ours["occluded"]["mean_mm"] > corrected["occluded"]["mean_mm"]
    printed = capsys.readouterr().out
    assert "2 matched pairs" in printed and row in printed and "Backbone-cutout" in printed
    with pytest.raises(SeethroughError, match="never published: name a list by --pairs"):
        main(["focus_table3", *arguments[:-2]])


def test_without_scans_predictions_are_kept_for_handing_in(network, now, tmp_path, capsys):
    (tmp_path / "now/scans").rename(tmp_path / "elsewhere")
    options = ["--level", "0", "--out", str(tmp_path / "out"), "--json", str(tmp_path / "now.json")]
    assert main(["now", str(network), *now, *options]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "lists 4 photos, 4 have a mesh, none is missing: ready to be handed in" in said
    (folder,) = (tmp_path / "out").glob("*/plain")
    stale = folder / "FaMoS_9_TA/selfie/IMG_9.ply"
    stale.parent.mkdir(parents=True)
    stale.write_text("of an earlier network")
    with (tmp_path / "now/imagepathsvalidation.txt").open("a") as file:
        file.write("FaMoS_9_TA/selfie/IMG_9.jpg\n")
    assert main(["now", str(network), *now, *options]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert (
        "1 are missing, NOT ready to be handed in: FaMoS_9_TA/selfie/IMG_9; where no face is found, now.crop=box"
        in said
    )
    assert not stale.exists() and len(list(folder.glob("*/*/*.ply"))) == 4
    counts = json.loads((tmp_path / "now.json").read_text())["measured"][str(network)]["plain_predictions"]
    assert counts == {"listed": 5, "written": 4, "missing": 1}
    (tmp_path / "now/imagepathsvalidation.txt").unlink()
    assert "compared with no list" in handing_in(folder, tmp_path / "now", "validation")[0]
    with pytest.raises(SeethroughError, match="--out FOLDER keeps the predictions"):
        main(["now", str(network), *now, "--level", "0"])
    with pytest.raises(SeethroughError, match="choose validation or test"):
        main(["now", str(network), *now, "now.test_split=all"])


def test_pairs_by_hand():
    rng = np.random.default_rng(0)
    pairs = [MatchedPair(f"P{k % 3}/neutral/{k}.jpg", f"P{k % 3}/occlusions/{k}.jpg") for k in range(12)]
    distances = {}
    for k, pair in enumerate(pairs):
        distances[pair.plain] = rng.random(50 + k)
        distances[pair.occluded] = rng.random(50 + k) + 0.1
    missing = distances.pop(pairs[0].occluded)
    numbers = pair_numbers(Scores(distances), pairs)
    known = pairs[1:]
    assert (numbers["pairs"], numbers["missing_pairs"], numbers["people"]) == (11, 1, 3) and len(missing)
    pooled = np.concatenate([distances[pair.occluded] for pair in known])
    assert numbers["occluded"]["median_mm"] == pytest.approx(np.median(pooled))
    means = [(distances[pair.occluded].mean(), distances[pair.plain].mean()) for pair in known]
    difference = np.subtract(*np.array(means).T)
    assert numbers["occluder_adds"]["mean_mm"] == pytest.approx(difference.mean())
    assert numbers["occluder_adds"]["t_p"] == pytest.approx(stats.ttest_rel(*np.array(means).T).pvalue)
    assert numbers["occluder_adds"]["low"] < difference.mean() < numbers["occluder_adds"]["high"]


def test_lists_of_pairs(tmp_path):
    path = tmp_path / "pairs.txt"
    path.write_text(f"unoccluded occluded\n\n{IMAGES[0]}\t{IMAGES[1]}  # remark\n{IMAGES[2]};{IMAGES[3]}\n")
    assert read_matched_pairs(path, IMAGES) == [MatchedPair(*IMAGES[:2]), MatchedPair(*IMAGES[2:])]
    path.write_text(f"{IMAGES[0]}\\x.jpg,{IMAGES[1]}\n{IMAGES[0]},{IMAGES[3]}\n{IMAGES[0]}\n{IMAGES[0]},{IMAGES[0]}\n")
    with pytest.raises(SeethroughError) as wrong:
        read_matched_pairs(path, IMAGES)
    lines = str(wrong.value).splitlines()
    for line, part in zip(lines, ("row 1: ", "row 2: ", "row 3: ", "row 4: ", "4 faults"), strict=True):
        assert part in line
    assert "show two people" in lines[1] and "expected two photos" in lines[2] and "with itself" in lines[3]
    path.write_text("# nothing\n")
    with pytest.raises(SeethroughError, match="names no pairs"):
        read_matched_pairs(path, IMAGES)
    with pytest.raises(SeethroughError, match="cannot be read"):
        read_matched_pairs(tmp_path / "absent.txt", IMAGES)
