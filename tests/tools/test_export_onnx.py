"""Networks as ONNX files: what they hold, that they say what PyTorch says, and how mistakes are told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from experiments.command_line import run
from lightning_modules.bump.loading import load_translator
from lightning_modules.focus.loading import load_focus_module
from seethrough.errors import SeethroughError
from tests.experiments.reconstruction_photos import SIZE, save_network, save_translator
from tools.export_onnx import exporting
from tools.export_onnx.command import _refuse_twice, main
from tools.export_onnx.networks import PARAMETERS, ExportedNetwork, bump_networks, focus_networks


def varied(run_folder: Path) -> Path:
    """Let the last layers of an untrained run say something."""
    (file,) = (run_folder / "checkpoints").glob("*.ckpt")
    content = torch.load(file, weights_only=True)
    generator = torch.Generator().manual_seed(0)
    for name, value in content["state_dict"].items():
        if name.endswith("head.weight"):
            value.normal_(0, 0.1, generator=generator)
    torch.save(content | {"commit": "1a2b3c4"}, file)
    return run_folder


def require_packages() -> None:
    for name in exporting.NEEDED:
        pytest.importorskip(name)


class Blurred(torch.nn.Module):
    """A tiny network with an input that only one of its outputs needs."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Conv2d(3, 1, 3, padding=1)

    def forward(self, image: torch.Tensor, other: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return self.layer(image), torch.sigmoid(other.mean(1, keepdim=True))


def test_a_tiny_network_says_the_same_for_any_batch():
    require_packages()
    import onnx

    tiny = ExportedNetwork("tiny", Blurred(), 8, ("image", "other"), ("blur", "share"), {"units": "none"})
    content = exporting.exported_bytes(tiny)
    assert exporting.largest_difference(tiny, content) < 1e-6
    model = onnx.load_from_string(content)
    assert {each.key: each.value for each in model.metadata_props} == {"units": "none"}
    runtime = exporting.session(content, 1)
    images = exporting.pictures(7, 8, 2)
    blur, share = runtime.run(["blur", "share"], exporting.as_feed(tiny.inputs, images))
    assert blur.shape == share.shape == (7, 1, 8, 8)
    np.testing.assert_allclose(share, torch.sigmoid(images[1].mean(1, keepdim=True)), atol=1e-6)


@pytest.mark.slow
def test_two_runs_become_three_files(tmp_path, capsys):
    require_packages()
    import onnx
    import onnxruntime

    focus, bump = varied(save_network(tmp_path / "focus")), varied(save_translator(tmp_path / "bump"))
    out = tmp_path / "deep" / "onnx"
    assert main([str(focus), str(bump), "--out", str(out)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in said] == [f"{out}/{name}.onnx" for name in
                                                     ("encoder", "segmentation", "translator")]  # fmt: skip
    image = torch.rand(5, 3, SIZE, SIZE)

    def answers(name: str, **images: torch.Tensor) -> dict[str, np.ndarray]:
        session = onnxruntime.InferenceSession(out / f"{name}.onnx", providers=["CPUExecutionProvider"])
        names = [output.name for output in session.get_outputs()]
        return dict(zip(names, session.run(None, {key: value.numpy() for key, value in images.items()}), strict=True))

    module = load_focus_module(focus)
    with torch.no_grad():
        parameters = module.focus.encoder(image)
        mask = module.focus.segmentation.mask(image.flip(3), image)
        heights = load_translator(bump).network(image)
    said = answers("encoder", image=image)
    assert tuple(said) == PARAMETERS
    for name, value in said.items():
        np.testing.assert_allclose(value, getattr(parameters, name).numpy(), atol=1e-4 * max(1, np.abs(value).max()))
    assert np.abs(said["identity"]).max() > 0.01
    np.testing.assert_allclose(answers("segmentation", rendered=image.flip(3), image=image)["mask"], mask, atol=1e-4)
    np.testing.assert_allclose(answers("translator", image=image)["bump"], heights, atol=1e-3)

    told = {name: {each.key: each.value for each in onnx.load(out / f"{name}.onnx").metadata_props} for name in
            ("encoder", "segmentation", "translator")}  # fmt: skip
    assert "the first 10 identity, 8 expression and 6 albedo modes of open_face_model" in told["encoder"]["face_model"]
    assert f"square of {SIZE} px" in told["encoder"]["crop"] and "translation: mm" in told["encoder"]["units"]
    assert told["segmentation"]["training_commit"] == "1a2b3c4" and told["segmentation"]["method"] == "focus"
    assert "1.9255 h to the left" in told["translator"]["crop"]
    assert "[0, 1]" in told["translator"]["input_range"] and "bump: mm" in told["translator"]["units"]
    assert all(str(tmp_path) not in value for each in told.values() for value in each.values())


def test_networks_without_onnx(tmp_path):
    alone = focus_networks(load_focus_module(save_network(tmp_path / "mofa", mask="none")), {})
    assert [each.name for each in alone] == ["encoder"]
    (translator,) = bump_networks(load_translator(save_translator(tmp_path / "bump")), {"licence": "CC0"})
    assert translator.size == SIZE and translator.outputs == ("bump",) and translator.metadata["licence"] == "CC0"
    said = translator.network(torch.rand(1, 3, SIZE, SIZE))
    assert len(said) == 1 and said[0].shape == (1, 1, SIZE, SIZE)


def test_a_wrong_file_is_noticed(monkeypatch):
    class Doubled:
        def run(self, names, feed):
            return [2 * feed["image"]]

    class Same(torch.nn.Module):
        def forward(self, image):
            return (image,)

    monkeypatch.setattr(exporting, "session", lambda content, threads: Doubled())
    found = exporting.largest_difference(ExportedNetwork("n", Same(), 8, ("image",), ("image",), {}), b"")
    assert 0.5 < found <= 1


def one_line(arguments: list[str], capsys) -> str:
    with pytest.raises(SystemExit) as ended:
        run(main, arguments)
    (line,) = capsys.readouterr().err.splitlines()
    assert ended.value.code == 2
    return line


def test_mistakes_are_one_line(tmp_path, capsys, monkeypatch):
    focus, out = save_network(tmp_path / "focus"), str(tmp_path / "out")
    monkeypatch.setattr(exporting, "find_spec", lambda name: None if name == "onnxruntime" else name)
    said = one_line([str(focus), "--out", out], capsys)
    assert said == "error: ONNX files need onnxruntime, not installed here: pip install -e '.[onnx]'"
    monkeypatch.setattr(exporting, "find_spec", lambda name: name)
    (tmp_path / "file").write_text("")
    assert "cannot make the folder" in one_line([str(focus), "--out", str(tmp_path / "file")], capsys)
    assert "no run folder or checkpoint" in one_line([str(tmp_path / "nowhere"), "--out", out], capsys)
    other = tmp_path / "other.ckpt"
    torch.save({"hyper_parameters": {"method": "recognition"}, "state_dict": {}}, other)
    said = one_line([str(other), "--out", out], capsys)
    assert said == f"error: {other} is a run of 'recognition': name a run of focus or of bump"
    torch.save({"weights": torch.zeros(1)}, other)
    assert "is no checkpoint of this project" in one_line([str(other), "--out", out], capsys)
    with pytest.raises(SeethroughError, match="two of the runs write encoder"):
        _refuse_twice(["encoder", "translator", "encoder"])
