from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from experiments.command_line import run as run_command
from experiments.evaluate import main as evaluate
from experiments.protocols import picture_tables
from experiments.protocols.command import main
from seethrough.errors import SeethroughError
from tests.datamodules.photos.prepared import prepared_folder
from tests.experiments.protocols.conftest import SIZE

AR = ["neutral", "neutral", "glasses", "glasses", "scarf"]
CELEBA = ["occluded", "unoccluded", "", "occluded", "unoccluded", ""]


def prepared(folder: Path, subsets: list[str], data_set: str, masks: bool = True) -> Path:
    rows = [
        {"id": f"{data_set}-{number}", "split": "test", "subset": subset, "identity": f"person {number // 2}"}
        for number, subset in enumerate(subsets)
    ]
    prepared_folder(folder, rows, side=SIZE, masks=masks, data_set=data_set)
    return folder


@pytest.fixture
def data(tmp_path) -> list[str]:
    return [
        f"ar.prepared={prepared(tmp_path / 'ar', AR, 'ar')}",
        f"celeba_hq.prepared={prepared(tmp_path / 'celeba', CELEBA, 'celeba_hq')}",
        "data.workers=0",
    ]


def test_colours_on_both_data_sets(network, data, tmp_path, capsys):
    out = tmp_path / "out"
    arguments = ["focus_table1", str(network), *data, "--beside", "FOCUS", "--out", str(out)]
    assert main([*arguments, "--json", str(tmp_path / "table1.json")]) == 0
    numbers = json.loads((tmp_path / "table1.json").read_text())
    ours = numbers["measured"][str(network)]
    assert {name: each["images"] for name, each in ours["celeba_hq"].items() if name != "pictures"} == {
        "overall": 6, "occluded": 2, "unoccluded": 2,
    }  # fmt: skip
    assert ours["ar"]["overall"]["images"] == 5 and {"neutral", "glasses", "scarf"} <= ours["ar"].keys()
    with np.load(out / "rows" / f"{next(out.glob('rows/*celeba_hq.npz')).name}", allow_pickle=False) as rows:
        chosen = rows["image_rmse"][rows["subset"] == "occluded"]
    assert ours["celeba_hq"]["occluded"]["image_rmse"] == pytest.approx(chosen.mean(), rel=1e-5)
    assert numbers["published"]["FOCUS"]["ar"] == [8.93, 0.35]
    table = (out / "table.md").read_text()
    row = next(line for line in table.splitlines() if "(as FOCUS)" in line)
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[1] == f"{chosen_text(ours['celeba_hq']['unoccluded'])} (2)"
    assert cells[5:] == ["8.38 ± 0.42", "8.71 ± 0.48", "8.55 ± 0.48", "8.93 ± 0.35"]
    assert "| MoFA | - | - | - | - | 8.77 ± 0.40 |" in table and "never published which" in table
    # Only one of them.
    assert main([*arguments[:2], data[0], "data.workers=0", "--data", "ar"]) == 0
    assert "CelebA" not in capsys.readouterr().out.rpartition("RMSE in the")[2].partition("AR: the")[0]


def chosen_text(scores: dict) -> str:
    return f"{scores['image_rmse']:.2f} ± {scores['image_rmse_std']:.2f}"


def test_masks_on_ar(network, data, tmp_path, capsys):
    arguments = ["focus_table4", str(network), data[0], "data.workers=0", "--soft-masks"]
    assert main([*arguments, "--json", str(tmp_path / "table4.json")]) == 0
    numbers = json.loads((tmp_path / "table4.json").read_text())["measured"][str(network)]["ar"]
    printed = capsys.readouterr().out
    for word in (
        "Neutral, masks rounded",
        "Glasses, soft masks",
        "Scarf",
        "everything is face",
        "Egger et al.",
        "paper:",
    ):
        assert word in printed, word
    assert f"{numbers['scarf']['mask_f1']:.2f}" in printed
    assert 0 <= numbers["glasses"]["mask_f1_soft"] <= 1 and numbers["glasses"]["mask_tpr_all_face"] == 1


@pytest.mark.slow
def test_masks_of_celeba_and_the_ablation(network, data, capsys):
    assert main(["focus_supplement1", str(network), data[1], "data.workers=0"]) == 0
    assert main(["focus_table5", str(network), data[0], "ar.workers=0", "--data", "ar", "--beside", "Pretrained"]) == 0
    printed = capsys.readouterr().out
    assert "Unoccluded, masks" in printed and "(as Pretrained)" in printed and "0.73 ± 0.07" in printed


def test_photos_without_masks_are_refused(network, tmp_path):
    bare = prepared(tmp_path / "bare", AR, "ar", masks=False)
    with pytest.raises(SeethroughError, match=r"no masks of the visible face: prepare it with data\.masked_only=true"):
        main(["focus_table4", str(network), f"data.prepared={bare}", "data.workers=0"])


def test_all_folders_are_checked_before_any_evaluation(network, data, tmp_path, monkeypatch):
    monkeypatch.setattr(picture_tables, "measured_with_masks", lambda *_: pytest.fail("evaluated before the check"))
    bare = prepared(tmp_path / "bare", AR, "ar", masks=False)
    with pytest.raises(SeethroughError, match="faces of ar have no masks"):
        main(["focus_table1", str(network), *data, f"ar.prepared={bare}"])
    words = r"no prepared photos; run `python .* data\.root=FOLDER .*`, or set ar\.prepared to where"
    with pytest.raises(SeethroughError, match=words):
        main(["focus_table1", str(network), *data, "ar.prepared=nowhere"])


def test_evaluation_of_photos_has_their_subsets(network, data, tmp_path, capsys):
    places = ["data/ar", data[0].removeprefix("ar.").join(["data.", ""]), "data.workers=0"]
    assert evaluate([str(network), *places, "--json", "ar.json", "--rows", "ar.npz"]) == 0
    scores = json.loads(Path("ar.json").read_text())
    assert set(scores) == {"overall", "neutral", "glasses", "scarf"}
    assert not any("shape" in key for key in scores["overall"])
    printed = capsys.readouterr().out
    assert "scarf" in printed and "By subset" not in printed
    with np.load("ar.npz", allow_pickle=False) as rows:
        assert sorted(rows["subset"].tolist()) == sorted(AR) and "shape_error_mm" not in rows.files


def test_mistakes_are_one_line(capsys):
    mistakes = {
        ("focus_table6",): "did you mean 'focus_table",
        ("focus_table4", "default", "--data", "now"): "this protocol reads ar",
        ("focus_table4",): "name at least one run",
        ("now", "default", "--level", "-1"): "--level -1 must be at least 0",
        ("lfw", "default", "--descriptors", "smile"): "choose from identity, face, recognition",
    }
    for arguments, message in mistakes.items():
        with pytest.raises(SystemExit) as left:
            run_command(main, list(arguments))
        error = capsys.readouterr().err.strip()
        assert left.value.code == 2 and message in error and "\n" not in error, error
