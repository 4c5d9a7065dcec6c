from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from experiments.config.composition import compose
from experiments.protocols.command import main
from experiments.protocols.descriptors import Descriptors
from experiments.protocols.verification import subset_scores
from experiments.protocols.verification_pairs import PhotoPairs, lfw_pairs, read_occluded
from seethrough.errors import SeethroughError
from seethrough.metrics.verification import cosine, verify
from tests.datamodules.lfw.trees import PEOPLE, pair_rows, write_pairs
from tests.datamodules.photos.prepared import prepared_folder
from tests.experiments.protocols.conftest import SIZE


@pytest.fixture
def lfw(tmp_path) -> list[str]:
    rows = [
        {"id": f"{person}_{number:04d}", "split": "test", "identity": person}
        for person, count in PEOPLE.items()
        for number in range(1, count + 1)
    ]
    prepared_folder(tmp_path / "prepared", rows, side=SIZE, data_set="lfw")
    return [
        f"lfw.prepared={tmp_path / 'prepared'}",
        f"lfw.pairs={write_pairs(tmp_path / 'pairs.txt')}",
        "data.workers=0",
    ]


def test_pairs_of_lfw(network, lfw, tmp_path, capsys):
    kinds = ["--descriptors", "recognition", "identity"]
    assert main(["lfw", str(network), *lfw, *kinds, "--json", str(tmp_path / "lfw.json")]) == 0
    numbers = json.loads((tmp_path / "lfw.json").read_text())
    ours = numbers["measured"][str(network)]
    # The untrained network says the same of everybody: its scores are all alike.
    assert ours["identity"]["all"] == {
        "accuracy": 50, "accuracy_std": 0, "eer_complement": 50, "eer_complement_std": 0, "nauc": 50, "nauc_std": 0,
        "folds": 2, "skipped_folds": 0, "pairs": 8, "missing_pairs": 0,
    }  # fmt: skip
    assert ours["recognition"]["all"]["pairs"] == 8
    assert numbers["published"]["all"]["accuracy"] == [89.36, 1.25]
    printed = " ".join(capsys.readouterr().out.split())
    assert "89.36 ± 1.25" in printed and "never published" in printed


def test_photos_that_were_left_out_are_counted(network, lfw, tmp_path, capsys):
    rows = [{"id": f"{person}_0001", "split": "test"} for person in PEOPLE]
    rows += [{"id": f"{person}_0002", "split": "test"} for person, count in PEOPLE.items() if count > 1]
    prepared_folder(tmp_path / "fewer", rows, side=SIZE, data_set="lfw")
    arguments = [f"lfw.prepared={tmp_path / 'fewer'}", *lfw[1:], "--descriptors", "identity"]
    occluded = tmp_path / "occluded.txt"
    occluded.write_text("lfw/Ann_Bell/Ann_Bell_0001.jpg\nCarl_Dee_0002\n")
    assert (
        main(["lfw", str(network), *arguments, "--occluded", str(occluded), "--components", "2", "--square-root"]) == 0
    )
    told = " ".join(capsys.readouterr().out.split())
    assert "2 pairs without a score" in told
    assert "warning: " in told and "6 of 8 pairs, 2 of 2 folds: these figures are of a part of the protocol" in told
    assert main(["lfw", str(network), *arguments, "--hidden-share", "0.2"]) == 0


def test_pairs_that_are_too_few_say_why(network, lfw, tmp_path):
    rows = [{"id": f"Carl_Dee_{number:04d}", "split": "test"} for number in (1, 2)]
    prepared_folder(tmp_path / "fewer", rows, side=SIZE, data_set="lfw")
    fewer = [f"lfw.prepared={tmp_path / 'fewer'}", *lfw[1:], "--descriptors", "identity"]
    with pytest.raises(SeethroughError) as wrong:
        main(["lfw", str(network), *fewer])
    assert str(wrong.value).endswith(
        "the list has 8 pairs in 2 folds, 7 of them lack a photo (of 6 photos there is no prepared face, the first is "
        "Ann_Bell_0001): prepare all photos that the list names"
    )
    write_pairs(tmp_path / "pairs.txt", ["2", *pair_rows()[1:5]])
    with pytest.raises(SeethroughError, match=r"4 pairs in 1 folds, all of them with both photos: take a list with"):
        main(["lfw", str(network), *lfw, "--descriptors", "identity"])


def test_the_list_of_the_data_set_comes_before_one_that_lies_around(tmp_path, monkeypatch):
    root = tmp_path / "LFW"
    for person, count in PEOPLE.items():
        (root / "lfw" / person).mkdir(parents=True)
        for number in range(1, count + 1):
            (root / "lfw" / person / f"{person}_{number:04d}.jpg").write_bytes(b"")
    write_pairs(root / "pairs.txt")
    rows = [{"id": f"{person}_0001", "split": "test"} for person in PEOPLE]
    prepared_folder(tmp_path / "prepared", rows, side=SIZE, data_set="lfw", root=str(root))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    Path("pairs.txt").write_text("1\t1\nSomebody_Else\t1\t2\n")
    composition = compose(
        ["focus", "data/lfw"], [f"data.prepared={tmp_path / 'prepared'}", "data.workers=0", "model.image_size=48"]
    )
    pairs = lfw_pairs(composition)
    assert len(pairs.same) == 8 and "Somebody_Else_0001" not in pairs.first


def test_lists_of_occluded_photos(tmp_path):
    path = tmp_path / "occluded.txt"
    path.write_text("# those with an occluder\nlfw\\A\\A_0001.jpg\nB.C_0002\n")
    assert read_occluded(path, ["A_0001", "B.C_0002", "D_0001"]) == {"A_0001", "B.C_0002"}
    path.write_text("A_0001\nE_0001.jpg\n")
    with pytest.raises(SeethroughError, match=r"row 2: 'E_0001\.jpg' is none of the photos"):
        read_occluded(path, ["A_0001"])


def test_subsets_by_occluder():
    rng = np.random.default_rng(0)
    ids = [f"{person}-{photo}" for person in range(20) for photo in range(4)]
    own = rng.standard_normal((20, 8)).repeat(4, 0)
    occluded = {name for name in ids if name.endswith(("2", "3"))}
    noise = np.array([2.5 if name in occluded else 0.2 for name in ids])[:, None]
    descriptors = own + noise * rng.standard_normal(own.shape)
    first, second = (places.tolist() for places in np.triu_indices(80, 1))
    chosen = [k for k in range(len(first)) if first[k] // 8 == second[k] // 8]  # folds share no person
    first, second = [first[k] for k in chosen], [second[k] for k in chosen]
    same = np.array([a // 4 == b // 4 for a, b in zip(first, second, strict=True)])
    folds = np.array(first) // 8
    pairs = PhotoPairs([ids[a] for a in first], [ids[b] for b in second], same, folds, [], "these")
    found = Descriptors(ids, {"identity": descriptors}, np.zeros(80), None)
    scores = subset_scores(found, "identity", pairs, occluded, None, False)
    assert scores["without"].accuracy > scores["all"].accuracy > scores["with an occluder"].accuracy
    assert scores["without"].pairs + scores["with an occluder"].pairs == scores["all"].pairs == len(chosen)
    plain = np.array([ids[a] not in occluded and ids[b] not in occluded for a, b in zip(first, second, strict=True)])
    expected = verify(cosine(descriptors[first], descriptors[second])[plain], same[plain], folds[plain])
    assert scores["without"] == expected
    assert "with an occluder" not in subset_scores(found, "identity", pairs, set(), None, False)


@pytest.mark.slow
def test_synthetic_people(network, tmp_path, monkeypatch, capsys):
    from datamodules.synthetic import datamodule

    monkeypatch.setattr(datamodule, "VERIFICATION_PEOPLE", 20)
    folder = tmp_path / "pools"
    settings = [f"data.folder={folder}", "data.render_processes=1", "--descriptors", "recognition"]
    assert main(["synocc_verification", str(network), *settings, "--json", "verified.json"]) == 0
    ours = json.loads(Path("verified.json").read_text())["measured"][str(network)]["recognition"]
    # two people a fold: 12 pairs of one person and 16 of two
    assert ours["all"]["pairs"] == 280 and ours["all"]["folds"] == 10
    # a fold without an open pair of one person is not scored
    open_pairs, hidden = ours["without"], ours["with an occluder"]
    assert 0 < open_pairs["pairs"] < hidden["pairs"] and open_pairs["pairs"] + hidden["pairs"] <= 280
    assert all(each["folds"] + each["skipped_folds"] == 10 for each in (open_pairs, hidden))
    assert "no comparison" in " ".join(capsys.readouterr().out.split())
