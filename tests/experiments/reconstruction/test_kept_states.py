"""States that vouch for files: written after them, and refused where what they were made with is another thing now."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from experiments.reconstruction import completion_writing, detail_stages, face_state
from experiments.reconstruction.chosen_details import chosen_details
from experiments.reconstruction.completion_writing import CompletionWriter
from experiments.reconstruction.detail_stages import DetailStages
from experiments.reconstruction.face_state import read_face
from experiments.reconstruction.foundations import FoundationSource
from experiments.reconstruction.options import read_options
from experiments.reconstruction.stage_range import StageRange
from lightning_modules.checkpoint_hash import hash_of_weights
from seethrough.errors import SeethroughError

FOUNDATION = {"foundation": "focus", "model": None, "expressions": None, "coefficients": None}


@pytest.fixture
def writer(tmp_path: Path) -> CompletionWriter:
    """Of a folder with the states of an earlier run."""
    outputs = {}
    for name in ("bump", "fill"):
        (tmp_path / f"state_{name}.npz").touch()
        outputs[f"state_{name}"] = str(tmp_path / f"state_{name}.npz")
    return CompletionWriter(tmp_path, cast("Any", None), cast("Any", None), outputs)


def full(*_: Any) -> None:
    raise SeethroughError("the disk is full")


def test_a_bump_map_that_was_not_written_leaves_no_state(writer: CompletionWriter, monkeypatch) -> None:
    monkeypatch.setattr(detail_stages, "write_detail", full)
    completion = cast("Any", SimpleNamespace(stages=StageRange()))
    stages = DetailStages(FoundationSource(), None, completion=completion)
    with pytest.raises(SeethroughError, match="full"):
        stages._write(writer, {"foundation_of": FOUNDATION})
    assert not writer.outputs and not list(writer.folder.iterdir())


def test_a_filling_that_was_not_written_leaves_no_state(writer: CompletionWriter, monkeypatch) -> None:
    monkeypatch.setattr(CompletionWriter, "write_maps", full)
    with pytest.raises(SeethroughError, match="full"):
        writer.write_filling(cast("Any", None), cast("Any", None))
    assert list(writer.outputs) == ["state_bump"] and not (writer.folder / "state_fill.npz").exists()
    monkeypatch.setattr(CompletionWriter, "write_maps", lambda *_: None)
    monkeypatch.setattr(completion_writing, "write_fill", lambda folder, _: folder / "state_fill.npz")
    writer.write_filling(cast("Any", None), cast("Any", None))
    assert "state_fill" in writer.outputs


def test_a_state_that_breaks_off_leaves_nothing(tmp_path: Path, monkeypatch) -> None:
    def torn(file: Any, **_: Any) -> None:
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", torn)
    with pytest.raises(SeethroughError, match="No space left"):
        face_state._write(tmp_path, "fill", {}, {})
    assert not list(tmp_path.iterdir())


def test_other_weights_under_the_same_path_are_refused(tmp_path: Path) -> None:
    photo, checkpoint = tmp_path / "p.png", tmp_path / "step_1.ckpt"
    photo.write_bytes(b"photo")
    checkpoint.write_bytes(b"weights")
    told = {"photo": face_state.photo_hash(photo), "checkpoint": "runs/a", "size": 224}
    face_state._write(tmp_path, "face", told | {"weights": hash_of_weights(checkpoint)}, {})

    def read(named: str) -> None:
        settings = {"checkpoint": named, "weights": hash_of_weights(checkpoint)}
        read_face(tmp_path, photo, np.zeros((2, 2, 3), np.uint8), cast("Any", None), settings)

    with pytest.raises(KeyError, match="parameters"):  # past the checks: the same weights by another name
        read("elsewhere/a")
    checkpoint.write_bytes(b"others")
    with pytest.raises(SeethroughError, match="--checkpoint runs/a, which has other weights by now"):
        read("runs/a")
    with pytest.raises(SeethroughError, match="this is runs/b"):
        read("runs/b")


def test_another_foundation_under_a_kept_bump_map_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "face.json"
    file.write_text(json.dumps({"shape": [0.0], "rotation": [0, 0, 0], "translation": [0, 0, -570]}))
    source = FoundationSource(str(file), "open")
    kept = source.described("p")
    face_state._write(tmp_path, "bump", {"foundation_of": kept}, {})
    # Where nothing is said, the earlier run's own is taken.
    assert DetailStages(None, None)._source_of_earlier("p", tmp_path).described("p") == kept
    assert DetailStages(source, None)._source_of_earlier("p", tmp_path) is source
    face_state._write(tmp_path, "bump", {"foundation_of": kept | {"model": "01_MorphableModel.mat"}}, {})
    with pytest.raises(SeethroughError, match=r"lies on --foundation-model 01_MorphableModel\.mat"):
        DetailStages(source, None)._source_of_earlier("p", tmp_path)
    face_state._write(tmp_path, "bump", {"foundation_of": kept}, {})
    file.write_text(file.read_text() + " ")
    with pytest.raises(SeethroughError, match="the coefficients are others"):
        DetailStages(source, None)._source_of_earlier("p", tmp_path)


def test_what_coefficients_are_of_is_not_dropped_silently(tmp_path: Path) -> None:
    options = read_options(
        ["p.png", "--out", str(tmp_path), *"--detail --stages fill.. --foundation-model m.mat".split()]
    )
    with pytest.raises(SeethroughError, match=r"--foundation-model: --stages fill\.\. takes the foundation"):
        chosen_details(options)
