from __future__ import annotations

import json

import pytest
import torch
import yaml

from lightning_modules.focus import packing
from seethrough.errors import SeethroughError
from tests.experiments.reconstruction_photos import save_network
from tools.checkpoint import main


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return save_network(tmp_path_factory.mktemp("runs") / "small")


def edited(run, name, **changes):
    """The run's checkpoint with other content, as a file of its own."""
    content = torch.load(run / "checkpoints" / "step_00000001.ckpt", weights_only=True)
    file = run.parent / name
    torch.save(content | changes, file)
    return file


def test_pack_and_describe(run, tmp_path, capsys):
    file = tmp_path / "small.pt"
    command = "python -m experiments.train focus name=small"
    assert main(["pack", str(run), "--out", str(file), "--command", command, "--note", "a test"]) == 0
    said = capsys.readouterr().out
    assert f"{file}: 0." in said and "moves no vertex by more than 0.0" in said
    assert main(["describe", str(file), "--json", str(tmp_path / "told.json")]) == 0
    lines = capsys.readouterr().out.splitlines()
    told = {key.strip(): value.strip() for key, value in (line.split("  ", 1) for line in lines)}
    assert told["command"] == command and told["note"] == "a test" and told["packed"] == "True"
    assert "CC0" in told["licence"] and "identity=10" in told["face model"] and told["image size px"] == "64"
    assert json.loads((tmp_path / "told.json").read_text())["command"] == command
    # Packing what is packed keeps what it tells.
    assert main(["pack", str(file), "--out", str(tmp_path / "again.pt")]) == 0
    first, again = (torch.load(each, weights_only=True) for each in (file, tmp_path / "again.pt"))
    assert again["provenance"] == first["provenance"] and again["state_dict"].keys() == first["state_dict"].keys()


def test_the_experiment_can_be_had_back(run, tmp_path, capsys):
    experiment = {"method": "focus", "dataset": "synthetic", "data": {"size": 5}}
    file = edited(run, "with_config.ckpt", config=experiment, commit="1a2b3c4")
    assert main(["describe", str(file), "--config"]) == 0
    assert yaml.safe_load(capsys.readouterr().out) == experiment
    assert main(["pack", str(file), "--out", str(tmp_path / "x.pt")]) == 0
    assert main(["describe", str(tmp_path / "x.pt")]) == 0
    assert "1a2b3c4" in capsys.readouterr().out
    with pytest.raises(SeethroughError, match="does not tell the experiment"):
        main(["describe", str(run), "--config"])


def test_too_large_a_network_is_refused(run, tmp_path, monkeypatch):
    monkeypatch.setattr(packing, "LARGEST_MEGABYTES", 0.05)
    with pytest.raises(SeethroughError, match=r"and 0\.05 MB are allowed"):
        main(["pack", str(run), "--out", str(tmp_path / "small.pt")])
    assert not (tmp_path / "small.pt").exists()


def test_a_licensed_face_model_needs_a_licence_of_the_weights(run, tmp_path):
    from seethrough.morphable.archive import write_face_model
    from seethrough.morphable.loading import load_face_model

    write_face_model(load_face_model("open", level=0), tmp_path / "licensed.npz")
    content = torch.load(run / "checkpoints" / "step_00000001.ckpt", weights_only=True)
    content["hyper_parameters"]["config"]["face_model"]["source"] = str(tmp_path / "licensed.npz")
    torch.save(content, tmp_path / "licensed.ckpt")
    arguments = ["pack", str(tmp_path / "licensed.ckpt"), "--out", str(tmp_path / "x.pt")]
    with pytest.raises(SeethroughError, match="--licence TEXT"):
        main(arguments)
    assert main([*arguments, "--licence", "research only"]) == 0


def test_a_prior_of_another_network_is_not_packed(run, tmp_path):
    (tmp_path / "misfit_prior.pt").write_text("none")
    with pytest.raises(SeethroughError, match="is no misfit prior"):
        main(["pack", str(run), "--out", str(tmp_path / "x.pt"), "--misfit-prior", str(tmp_path / "misfit_prior.pt")])
