from __future__ import annotations

import json

import pytest
import torch
import yaml

from lightning_modules import packing
from lightning_modules.focus.loading import load_focus_module
from lightning_modules.focus.misfit_prior import MisfitPrior, encoder_fingerprint
from lightning_modules.focus.model_signature import model_signature
from seethrough.errors import SeethroughError
from tests.experiments.reconstruction_photos import save_network
from tools.checkpoint.command import main


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return save_network(tmp_path_factory.mktemp("runs") / "small")


def edited(run, name, **changes):
    """The run's checkpoint with other content, as a file of its own."""
    content = torch.load(run / "checkpoints" / "step_00000001.ckpt", weights_only=True)
    file = run.parent / name
    torch.save(content | changes, file)
    return file


def prior_of(run, **changes):
    """What a misfit prior of the run's first checkpoint holds."""
    file = run / "checkpoints" / "step_00000001.ckpt"
    module = load_focus_module(file, misfit_prior=False)
    model = module.focus.face_renderer.model
    prior = MisfitPrior(
        error=torch.ones(model.vertex_count, 3),
        identity_error=torch.ones(model.sizes.identity),
        model="open",
        signature=model_signature(model),
        faces=7,
        steps=0,
        seed=0,
        checkpoint=file.name,
        fingerprint=encoder_fingerprint(module.state_dict()),
    )
    return prior.as_dict() | changes


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


def test_the_command_to_train_it_again_names_what_is_there(run, tmp_path):
    def told(name):
        assert main(["pack", str(name), "--out", str(tmp_path / "x.pt")]) == 0
        return torch.load(tmp_path / "x.pt", weights_only=True)["provenance"]["command"]

    command = f"python -m experiments.train {run / 'config.yaml'} name=NAME"
    assert told(run) == told(run / "checkpoints" / "step_00000001.ckpt") == command
    assert "trained_with.yaml" in told(edited(run, "alone.ckpt", config={"method": "focus"}))
    assert told(edited(run, "alone.ckpt")) == "not told"


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
    given, out = tmp_path / "misfit_prior.pt", tmp_path / "x.pt"
    given.write_text("none")
    with pytest.raises(SeethroughError, match="is truncated or not a checkpoint"):
        main(["pack", str(run), "--out", str(out), "--misfit-prior", str(given)])
    torch.save(prior_of(run, fingerprint="0" * 16, checkpoint="step_00000000.ckpt"), given)
    with pytest.raises(SeethroughError, match=r"measured for step_00000000\.ckpt, and step_00000001\.ckpt has other"):
        main(["pack", str(run), "--out", str(out), "--misfit-prior", str(given)])
    assert not out.exists()
    torch.save(prior_of(run), given)
    assert main(["pack", str(run), "--out", str(out), "--misfit-prior", str(given)]) == 0
    assert torch.load(out, weights_only=True)["misfit_prior"]["faces"] == 7


def test_a_prior_from_before_the_last_training_is_neither_packed_nor_told_as_the_runs(tmp_path, capsys):
    run, out = save_network(tmp_path / "run"), tmp_path / "x.pt"
    checkpoint, beside = run / "checkpoints" / "step_00000001.ckpt", run / "misfit_prior.pt"
    torch.save(prior_of(run), beside)
    moved = torch.load(checkpoint, weights_only=True)
    for name, value in moved["state_dict"].items():
        if name.startswith("focus.encoder.") and value.is_floating_point():
            value += 0.01
    torch.save(moved, run / "checkpoints" / "step_00000002.ckpt")
    with pytest.raises(SeethroughError, match=r"measured for step_00000001\.ckpt, and step_00000002\.ckpt has other"):
        main(["pack", str(run), "--out", str(out)])
    assert not out.exists()
    assert main(["describe", str(run)]) == 0
    assert "none: the one in" in capsys.readouterr().out
    # The prior is of the earlier file, which brings it along; the later one, named itself, does without.
    assert main(["pack", str(checkpoint), "--out", str(out)]) == 0
    assert "misfit_prior" in torch.load(out, weights_only=True)
    assert main(["pack", str(run / "checkpoints" / "step_00000002.ckpt"), "--out", str(out)]) == 0
    assert "misfit_prior" not in torch.load(out, weights_only=True)
    assert main(["describe", str(checkpoint)]) == 0
    assert "over 7 faces" in capsys.readouterr().out
