from __future__ import annotations

import pytest
import torch

from lightning_modules.checkpoint_reading import read_checkpoint
from lightning_modules.focus import packing
from lightning_modules.focus.lightning_model import FocusModule
from lightning_modules.focus.loading import load_focus_module, newest_checkpoint
from lightning_modules.focus.model_signature import model_signature, same_model
from lightning_modules.focus.packing import packed
from lightning_modules.packing import FORMAT, halved, write_checkpoint
from seethrough.errors import SeethroughError
from tests.lightning_modules.focus.conftest import synthetic_batch
from tests.small_face import small_face_model


def checkpoint_of(module: FocusModule) -> dict:
    return {
        "state_dict": module.state_dict(),
        "hyper_parameters": dict(module.hparams),
        "em_step": 7,
        "optimizers": [1],
    }


def trained(config) -> FocusModule:
    """A module whose head predicts something."""
    torch.manual_seed(3)
    module = FocusModule(config)
    torch.nn.init.normal_(module.focus.encoder.head.weight, std=0.8)
    return module.eval()


def test_packed_and_original_predict_the_same(focus_config, tmp_path):
    module = trained(focus_config)
    signature = model_signature(module.focus.face_renderer.model)
    content = packed(checkpoint_of(module), {"commit": "abc", "foreign": 1}, signature)
    assert "optimizer_states" not in content and content["provenance"]["commit"] == "abc"
    assert "foreign" not in content["provenance"]
    file = tmp_path / "small.pt"
    assert write_checkpoint(content, file) == file.stat().st_size
    again = load_focus_module(file)
    assert again.em_step == 7
    assert {value.dtype for value in again.parameters()} == {torch.float32}
    image = synthetic_batch()["image"]
    one, other = module.focus.predict(image), again.focus.predict(image)
    assert one.parameters.identity.abs().max() > 0.1
    torch.testing.assert_close(one.rendering.vertices, other.rendering.vertices, atol=0.1, rtol=0)
    torch.testing.assert_close(one.mask, other.mask, atol=0.02, rtol=0)


def test_weights_are_halved_where_that_costs_nothing():
    kernel = torch.randn(4, 3, 3, 3)
    assert halved(kernel).dtype is torch.float16
    assert torch.equal(halved(kernel).float(), kernel.half().float())
    vector, count = torch.randn(5), torch.tensor(9)
    assert torch.equal(halved(vector), vector) and torch.equal(halved(count), count)
    huge = torch.full((2, 2), 1e6)
    assert torch.equal(halved(huge), huge)


def test_what_is_too_large_is_refused_and_not_written(tmp_path):
    file = tmp_path / "large.pt"
    with pytest.raises(SeethroughError, match=r"has 2\.0 MB and 1 MB are allowed"):
        write_checkpoint({"state_dict": {"w": torch.zeros(1_000_000, dtype=torch.float16)}}, file, 1)
    assert not file.exists()
    (tmp_path / "text").write_text("no folder")
    with pytest.raises(SeethroughError, match="cannot write"):
        write_checkpoint({}, tmp_path / "text" / "x.pt")


def test_default_names_the_packed_file(focus_config, tmp_path, monkeypatch):
    monkeypatch.setattr(packing, "DEFAULT_FILE", tmp_path / "default.pt")
    with pytest.raises(SeethroughError, match=r"no default checkpoint .*experiments\.train"):
        newest_checkpoint("default")
    module = trained(focus_config)
    signature = model_signature(module.focus.face_renderer.model)
    write_checkpoint(packed(checkpoint_of(module), {}, signature), tmp_path / "default.pt")
    assert newest_checkpoint("default") == tmp_path / "default.pt"
    assert load_focus_module("default").em_step == 7


def test_a_changed_face_model_is_refused(focus_config, tmp_path):
    module = trained(focus_config)
    signature = model_signature(module.focus.face_renderer.model)
    signature[1:5] *= 1.02
    file = tmp_path / "small.pt"
    write_checkpoint(packed(checkpoint_of(module), {}, signature), file)
    with pytest.raises(SeethroughError, match="another version of the face model"):
        load_focus_module(file)


def test_signatures_know_modes_mesh_and_directions():
    model = small_face_model()
    own = model_signature(model)
    assert same_model(own, model_signature(small_face_model()))
    rounded = own.clone()
    rounded[1:] *= 1 + 1e-6 * torch.randn(len(own) - 1)
    assert same_model(own, rounded)
    fewer = model.truncated(model.sizes.identity - 1, model.sizes.expression, model.sizes.albedo)
    assert not same_model(own, model_signature(fewer))
    model.identity_basis[0] *= -1
    assert not same_model(own, model_signature(model))


def test_a_packed_file_holds_nothing_that_could_run(focus_config, tmp_path):
    module = trained(focus_config)
    file = tmp_path / "small.pt"
    write_checkpoint(packed(checkpoint_of(module), {"note": "x"}, torch.zeros(1)), file)
    assert read_checkpoint(file)["format"] == FORMAT
