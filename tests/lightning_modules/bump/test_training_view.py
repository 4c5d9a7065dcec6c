"""A translator keeps the size and the crop of its training images, and is never shown others unnoticed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn import functional

from lightning_modules.bump import BumpModule, load_bump_module, load_translator
from lightning_modules.bump import packing as bump_packing
from lightning_modules.bump.packing import packed
from lightning_modules.bump.training_view import KEY, RELEASED_VIEW, TrainingView, view_of
from lightning_modules.packing import write_checkpoint
from seethrough.details import detail_crop
from seethrough.details.detail_crop import DETAIL_SIZE
from seethrough.errors import SeethroughError
from tests.lightning_modules.bump.small_bumps import SIZE, batch_of, small_config

FILE = Path("some.ckpt")


def seen_module(size: int = SIZE) -> BumpModule:
    torch.manual_seed(0)
    module = BumpModule(small_config())
    torch.nn.init.normal_(module.translator.head.weight, std=0.05)
    module.look(batch_of(1, size=size)["image"])
    return module.eval()


def content(module: BumpModule) -> dict[str, Any]:
    checkpoint: dict[str, Any] = {"state_dict": module.state_dict(), "hyper_parameters": dict(module.hparams)}
    module.on_save_checkpoint(checkpoint)
    return checkpoint


def test_the_view_is_kept_packed_and_read_again(tmp_path: Path) -> None:
    module = seen_module()
    checkpoint = content(module)
    assert checkpoint[KEY] == {
        "size": SIZE,
        "extents": [1.9255, 2.2591, 1.9423, 1.6087],
        "crop_mm": 278.0,
        "along": "z",
    }
    file = tmp_path / "small.pt"
    write_checkpoint(packed(checkpoint, {}, TrainingView(SIZE, along="ray")), file)
    loaded = load_translator(file)
    assert loaded.view == TrainingView(SIZE, along="ray") and loaded.network.size == SIZE
    image = batch_of(2)["image"]
    with torch.no_grad():
        torch.testing.assert_close(loaded.network(image), module(image), atol=0.02, rtol=0)
    assert {value.dtype for value in loaded.network.parameters()} == {torch.float32}


def test_extents_are_those_of_the_crop_that_is_cut() -> None:
    box = torch.tensor([[-1.0, -1.0], [1.0, 1.0]] * 34).numpy()
    left, top, right, bottom = detail_crop(box).box
    assert (-left, -top, right, bottom) == pytest.approx(RELEASED_VIEW.extents)
    assert RELEASED_VIEW.size == DETAIL_SIZE


def test_other_sizes_are_shown_to_the_network_at_its_own() -> None:
    module, batch = seen_module(), batch_of(2)
    with torch.no_grad():
        bump = module(batch["image"])
        twice = functional.interpolate(batch["image"], scale_factor=2, mode="bicubic", antialias=True).clamp(0, 1)
        large = module(twice)
    assert large.shape == (2, 1, 2 * SIZE, 2 * SIZE)
    back = functional.interpolate(large, scale_factor=0.5, mode="bicubic", antialias=True)
    # The same heights in mm up to two resamplings, where the bare network sees other wrinkles at twice the size.
    error = float((back - bump).abs().mean())
    with torch.no_grad():
        bare = functional.interpolate(module.translator(twice), scale_factor=0.5, mode="bicubic", antialias=True)
    assert error < 0.4 * float((bare - bump).abs().mean())
    module.evaluation.update(batch_of(2, size=2 * SIZE))
    assert module.evaluation.rows()["bump_rmse_mm"].shape == (2,)


def test_training_images_do_not_change_their_size() -> None:
    module = seen_module()
    module.look(batch_of(1)["image"])
    with pytest.raises(SeethroughError, match="have 30 x 30 px: give 24 px, as the training so far"):
        module.look(torch.zeros(1, 3, 30, 30))
    with pytest.raises(SeethroughError, match="have 30 x 24 px: give square ones"):
        BumpModule(small_config()).look(torch.zeros(1, 3, 24, 30))
    with pytest.raises(ValueError, match="no size"):
        BumpModule(small_config()).sized()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"extents": [1.8, 2.0, 1.8, 1.7]}, r"other crops of faces, extents \(1\.8, .* where this version has"),
        ({"crop_mm": 200.0}, r"other crops of faces, crop_mm 200\.0 where this version has 278\.0: train again"),
        ({"size": "large"}, "'training_view' is damaged"),
        ({"size": 0}, "'training_view' is damaged"),
        ({"extents": [1.0]}, "'training_view' is damaged"),
        ({"along": "x"}, "'training_view' is damaged"),
    ],
)
def test_another_view_is_refused_in_one_line(tmp_path: Path, changes: dict[str, Any], told: str) -> None:
    checkpoint = content(seen_module())
    torch.save(checkpoint | {KEY: checkpoint[KEY] | changes}, tmp_path / FILE)
    for load in (load_bump_module, load_translator):
        with pytest.raises(SeethroughError, match=told) as caught:
            load(tmp_path / FILE)
        assert "\n" not in str(caught.value)


def test_checkpoints_of_before_tell_their_data() -> None:
    detail = {"config": {"dataset": "detail", "data": {"scene": {"image_size": 96}}}}
    photos = {"config": {"dataset": "bump", "data": {"image_size": 128}}}
    assert view_of(detail, FILE).size == 96 and view_of(photos, FILE).size == 128
    for nothing in ({}, {"config": None}, {"config": {"dataset": "discs", "data": {"size": 8}}}):
        with pytest.raises(SeethroughError, match="does not tell the size of the images it was trained on"):
            view_of(nothing, FILE)


def test_the_name_default_is_the_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bump_packing, "DEFAULT_FILE", tmp_path / "default.pt")
    with pytest.raises(SeethroughError, match=r"no default translator .* preset/bump_small data/detail"):
        load_translator("default")
    torch.save(content(seen_module()), tmp_path / "default.pt")
    for name in ("default", "default_bump"):
        assert load_translator(name).source == tmp_path / "default.pt"
    assert load_bump_module("default").view == TrainingView(SIZE)


def test_the_released_network_sees_its_own_crops_and_wants_its_own_foundation(tmp_path: Path) -> None:
    from seethrough.networks.bump_release import GENERATOR, released_names
    from seethrough.networks.bump_translator import BumpTranslator

    with torch.device("meta"):  # shapes alone
        own = BumpTranslator(mask_head=True).state_dict()
    pairs = [
        (f"{ours}.{kind}", f"{GENERATOR}{theirs}.{kind}")
        for ours, theirs in released_names()
        for kind in ("weight", "bias")
    ]
    torch.save(
        {theirs: torch.zeros(own[ours].shape, dtype=torch.float16) for ours, theirs in pairs},
        tmp_path / "ckpt_109_grad.pth.tar",
    )
    loaded = load_translator(tmp_path / "ckpt_109_grad.pth.tar")
    assert loaded.view == RELEASED_VIEW and loaded.network.size == 500 and loaded.foundation == "release"
