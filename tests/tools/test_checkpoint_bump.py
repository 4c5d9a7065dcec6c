"""Packing and describing a bump translator by the command that packs FOCUS."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from experiments.checkpoint_run import CheckpointRun
from experiments.run_folder import open_run
from lightning_modules.bump import load_translator
from lightning_modules.bump import packing as bump_packing
from lightning_modules.bump.lightning_model import BumpModule
from seethrough.errors import SeethroughError
from tests.lightning_modules.bump.small_bumps import batch_of, small_config
from tools.checkpoint import bump_checkpoint
from tools.checkpoint.command import main

DETAIL = {"method": "bump", "dataset": "detail", "data": {"scene": {"image_size": 64, "model": "open"}}}


def saved(folder: Path, **changes: object) -> Path:
    torch.manual_seed(0)
    module = BumpModule(small_config())
    torch.nn.init.normal_(module.translator.head.weight, std=0.05)
    module.look(batch_of(1, size=64)["image"])
    checkpoint = {
        "state_dict": module.state_dict(), "hyper_parameters": dict(module.hparams), "global_step": 7,
        "config": DETAIL, "commit": "1a2b3c4",
    }  # fmt: skip
    module.on_save_checkpoint(checkpoint)
    torch.save(checkpoint | changes, folder / "step_00000007.ckpt")
    return folder / "step_00000007.ckpt"


def test_pack_describe_and_open_as_default_bump(tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.setattr(bump_checkpoint, "FACES", 1)  # rendered twice here
    file, out = saved(tmp_path), tmp_path / "package" / "default.pt"
    assert main(["pack", str(file), "--out", str(out), "--command", "a training"]) == 0
    said = capsys.readouterr().out
    assert f"{out}: 0.0" in said and "half precision changes bumps" in said
    monkeypatch.setattr(bump_packing, "DEFAULT_FILE", out)
    monkeypatch.chdir(tmp_path)
    assert main(["describe", "default_bump", "--json", str(tmp_path / "told.json")]) == 0
    told = json.loads((tmp_path / "told.json").read_text())
    assert told["packed"] and told["image_size_px"] == 64 and told["steps"] == 7 and "CC0" in told["licence"]
    assert "left 1.9255" in told["crop"] and told["commit"] == "1a2b3c4" and told["command"] == "a training"
    image = batch_of(2, size=64)["image"]
    with torch.no_grad():
        torch.testing.assert_close(
            load_translator(file).network(image), load_translator(out).network(image), atol=0.02, rtol=0
        )
    assert out.stat().st_size < 0.6 * file.stat().st_size

    run = open_run("default_bump")
    assert isinstance(run, CheckpointRun) and run.title == "default_bump" and run.report == Path("reports/default_bump")
    composition = run.composition(["data/detail"], ["data.test_size=3"])
    assert composition.config.method == "bump" and composition.config.data.test_size == 3
    assert run.composition().config.data.scene.image_size == 64
    assert main(["pack", "default_bump", "--out", str(tmp_path / "again.pt")]) == 0
    first, again = (torch.load(each, weights_only=True) for each in (out, tmp_path / "again.pt"))
    assert again["provenance"] == first["provenance"] and again["training_view"] == first["training_view"]


def test_what_other_people_own_needs_a_licence(tmp_path) -> None:
    out = ["--out", str(tmp_path / "x.pt")]
    photos = saved(tmp_path, config={"dataset": "bump", "data": {"image_size": 64}})
    with pytest.raises(SeethroughError, match=r"trained with images of bump, whose licence .* --licence TEXT"):
        main(["pack", str(photos), *out])
    other = {"dataset": "detail", "data": {"scene": {"model": "bfm.npz"}}}
    with pytest.raises(SeethroughError, match=r"trained with faces of the face model bfm\.npz, whose licence"):
        main(["pack", str(saved(tmp_path, config=other)), *out])
    with pytest.raises(SeethroughError, match="--misfit-prior is for networks of focus"):
        main(["pack", str(saved(tmp_path)), *out, "--misfit-prior", "file"])
    assert not (tmp_path / "x.pt").exists()


def test_the_name_says_what_to_do_where_the_file_is_absent(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(bump_packing, "DEFAULT_FILE", tmp_path / "default.pt")
    with pytest.raises(SeethroughError, match=r"no default translator .* preset/bump_small data/detail"):
        open_run("default_bump")
