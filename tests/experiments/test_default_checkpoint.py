from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from experiments.checkpoint_run import CheckpointRun
from experiments.config.composition import compose
from experiments.evaluate import main as evaluate
from experiments.reconstruct import main as reconstruct
from experiments.run_folder import open_run
from lightning_modules.focus import packing
from lightning_modules.focus.loading import newest_checkpoint
from lightning_modules.focus.misfit_prior import FILE_NAME, MisfitPrior, encoder_fingerprint
from lightning_modules.focus.model_signature import model_signature
from seethrough.errors import SeethroughError
from seethrough.meshes import read_mesh
from seethrough.morphable.loading import load_face_model
from tests.experiments.reconstruction_photos import save_network, save_photos
from tools.checkpoint.command import main as checkpoint_tool


@pytest.fixture(scope="module")
def photo(tmp_path_factory) -> Path:
    return save_photos(tmp_path_factory.mktemp("photos") / "album")["good"]


@pytest.fixture(scope="module")
def network(tmp_path_factory) -> Path:
    """A run with all of the default's settings but its sizes, and a misfit prior: one deviation of the first mode."""
    from lightning_modules.focus.loading import load_focus_module
    from lightning_modules.packing import write_checkpoint

    model = compose(["focus", "preset/default", "data/synthetic"]).config.model
    sizes = {"image_size", "face_model", "encoder", "segmentation"}
    settings = {each.name: getattr(model, each.name) for each in fields(model) if each.name not in sizes}
    run = save_network(tmp_path_factory.mktemp("runs") / "small", **settings)
    module = load_focus_module(run)
    model = module.focus.face_renderer.model
    identity = torch.zeros(model.sizes.identity)
    identity[0] = 1.0
    fingerprint, name = encoder_fingerprint(module.state_dict()), "step_00000001.ckpt"
    error = torch.tensordot(identity, model.identity_basis, 1)
    prior = MisfitPrior(error, identity, "open", model_signature(model), 8, 0, 0, name, fingerprint)
    write_checkpoint(prior.as_dict(), run / FILE_NAME)
    return run


@pytest.fixture
def default(network, tmp_path, monkeypatch) -> Path:
    """The network above, packed as the one that comes along; the working folder is empty."""
    file = tmp_path / "package" / "default.pt"
    assert checkpoint_tool(["pack", str(network), "--out", str(file), "--note", "untrained", "--data", "nothing"]) == 0
    monkeypatch.setattr(packing, "DEFAULT_FILE", file)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return file


def test_without_the_file_the_name_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(packing, "DEFAULT_FILE", tmp_path / "default.pt")
    for command in (lambda: open_run("default"), lambda: newest_checkpoint("default")):
        with pytest.raises(SeethroughError, match=r"no default checkpoint .*python -m experiments\.train"):
            command()


def test_default_composes_with_data_though_there_is_no_run(default):
    run = open_run("default")
    assert isinstance(run, CheckpointRun) and run.title == "default" and run.weights == default
    assert run.report == Path("reports/default")
    composition = run.composition(["data/synthetic"], ["data.test_identities=3"])
    assert composition.config.model.image_size == composition.config.data.scene.image_size == 64
    assert composition.config.data.test_identities == 3
    assert run.networks()["model"]["face_model"]["identity"] == 10
    with pytest.raises(SeethroughError, match="no data"):
        run.composition()
    with pytest.raises(SeethroughError, match="unknown key"):
        run.composition(["data/synthetic"], ["data.tset_identities=3"])
    assert not (default.parent / "config.yaml").exists()


def test_data_in_the_pack_count_where_none_are_named(default):
    content = torch.load(default, weights_only=True)
    content["config"] = {"dataset": "synthetic", "data": {"test_identities": 7}, "seed": 5, "name": "elsewhere"}
    torch.save(content, default)
    run = open_run("default")
    assert run.composition().config.data.test_identities == 7
    assert run.composition(["data/synthetic"]).config.data.test_identities == 240
    assert run.composition().config.seed == 5 and run.composition().config.name is None


def test_checkpoint_files_have_reports_of_their_own(network, default):
    file = newest_checkpoint(network)
    run = open_run(file)
    assert run.report == Path("reports/small-step_00000001") and run.title == str(file)
    assert open_run(default).report == Path("reports/default")


def test_a_photo_without_naming_a_network(default, photo, tmp_path, capsys):
    out = tmp_path / "out"
    assert reconstruct([str(photo), "--out", str(out), "--refine", "0", "--level", "0"]) == 0
    assert "the one that comes with Seethrough" in capsys.readouterr().out
    told = json.loads((out / "astronaut" / "parameters.json").read_text())
    assert told["checkpoint"] == "default" and told["misfit_prior"] is False

    arguments = [str(photo), "--out", str(tmp_path / "corrected"), "--checkpoint", "default", "--level", "0"]
    assert reconstruct([*arguments, "--refine", "0", "--misfit-prior"]) == 0
    model = load_face_model("open", level=0)
    folder = tmp_path / "corrected" / "astronaut"
    for name in ("neutral.ply", "mesh.ply"):
        plain, corrected = (read_mesh(each / name).vertices for each in (out / "astronaut", folder))
        np.testing.assert_allclose(plain - corrected, model.identity_basis[0].numpy(), atol=2e-3)
    told = json.loads((folder / "parameters.json").read_text())
    assert told["identity_misfit"]["values"][:2] == [1.0, 0.0]
    assert told["identity"]["values"][0] == 0  # the network's own
    with pytest.raises(SeethroughError, match="--refine 0 too"):
        reconstruct([*arguments, "--misfit-prior"])
    with pytest.raises(SeethroughError, match="give one"):
        reconstruct([*arguments, "--refine", "0", "--misfit-prior", "--adapt", "2"])


def test_a_photo_that_the_network_adapts_to(default, photo, tmp_path, capsys):
    arguments = ["--out", str(tmp_path / "out"), "--refine", "0", "--level", "0", "--adapt", "3"]
    before = default.read_bytes()
    assert reconstruct([str(photo), str(tmp_path / "nowhere.png"), *arguments]) == 1
    printed = capsys.readouterr().out
    assert "adapting to 2 photos in 3 EM steps of the encoder; the segmentation network, which true masks" in printed
    told = json.loads((tmp_path / "out" / "astronaut" / "parameters.json").read_text())
    assert told["adapted_steps"] == 3
    assert any(told["rotation"]["values"])  # the untrained network saw the face at rest
    assert default.read_bytes() == before
    Image.new("RGB", (64, 64), "grey").save(tmp_path / "grey.png")
    with pytest.raises(SeethroughError, match="no photo shows a face"):
        reconstruct([str(tmp_path / "grey.png"), *arguments])
    with pytest.raises(SeethroughError, match="needs a network"):
        reconstruct([str(photo), *arguments, "--checkpoint", "none"])


@pytest.mark.slow
def test_default_is_evaluated_with_and_without_adaptation(default, tmp_path):
    data = ["data/synthetic", "data.test_identities=4", "data.render_processes=1", f"data.folder={tmp_path / 'pools'}"]
    assert evaluate(["default", *data, "--json", "plain.json"]) == 0
    plain = json.loads(Path("plain.json").read_text())
    assert plain["overall"]["images"] >= 8
    before = default.read_bytes()
    assert evaluate(["default", *data, "--adapt", "4", "--save-adapted", "adapted.pt", "--json", "adapted.json"]) == 0
    adapted = json.loads(Path("adapted.json").read_text())
    assert adapted["overall"]["landmark_error_px"] != plain["overall"]["landmark_error_px"]
    assert default.read_bytes() == before
    written = {path.stem for path in Path("reports/default").glob("evaluation*.json")}
    reports = {stem for stem in written if not stem.endswith("_sheet")}
    (stem,) = (each for each in reports if not each.endswith("_adapted"))  # named by its data: the pack names none
    assert stem.startswith("evaluation_synthetic_") and reports == {stem, f"{stem}_adapted"}
    assert Path("reports/default/config.yaml").is_file()
    assert evaluate(["adapted.pt", *data, "--json", "again.json"]) == 0
    again = json.loads(Path("again.json").read_text())
    assert again["overall"]["landmark_error_px"] == adapted["overall"]["landmark_error_px"]
