"""Going on with what an earlier run left, where something of it, or of this run, has failed; without any fitting."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from PIL import Image

from experiments.reconstruct import _report
from experiments.reconstruction import photo_to_mesh
from experiments.reconstruction.estimator import FaceEstimator
from experiments.reconstruction.manifest import Manifest, Row, manifest_row
from experiments.reconstruction.photo_to_mesh import PhotoToMesh
from experiments.reconstruction.stages import FACE_STAGES, StageClock

RESULT = SimpleNamespace(landmark_error=1.0, occluded_fraction=None)


class Details:
    """Stands in for the stages after the face."""

    completion = object()

    def __init__(self) -> None:
        self.names: list[str] = []
        self.stage: Callable[[], None] = lambda: None

    def __call__(self, name: str, _: Any, __: Any, ___: Any, clock: StageClock, ____: Any) -> None:
        self.names.append(name)
        with clock.stage("foundation"):
            self.stage()


@pytest.fixture
def again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PhotoToMesh:
    def write(_: Any, __: Any, folder: Path, ___: Any) -> dict[str, str]:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "parameters.json").touch()
        return {"parameters": str(folder / "parameters.json")}

    monkeypatch.setattr(photo_to_mesh, "write_reconstruction", write)
    monkeypatch.setattr(photo_to_mesh, "read_face", lambda *_: RESULT)
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / "p.png")
    estimator, details = cast("FaceEstimator", None), cast("Any", Details())
    return PhotoToMesh(None, estimator, Manifest(tmp_path / "out"), "all", 0, {}, details)


def kept(photo: Path, folder: Path, face: int, **statuses: str) -> Row:
    stages = {name: {"status": statuses.get(name, "ok"), "seconds": 0.1} for name in FACE_STAGES}
    folder.mkdir(parents=True, exist_ok=True)
    outputs = {"state_face": str(folder / "state_face.npz")}
    if statuses.get("write") != "failed":
        (folder / "parameters.json").touch()
        outputs["parameters"] = str(folder / "parameters.json")
    return manifest_row(photo, cast("Any", stages), outputs=outputs, face=face)


def statuses(row: Row) -> dict[str, str]:
    return {name: stage["status"] for name, stage in row["stages"].items()}


def test_what_was_not_written_is_written_now(again: PhotoToMesh, tmp_path: Path, capsys) -> None:
    photo, folder = tmp_path / "p.png", tmp_path / "out" / "p"
    again.manifest.record([kept(photo, folder, 1, write="failed", predict="skipped")])
    [row] = again(photo)
    assert row["status"] == "ok" and Path(row["outputs"]["parameters"]).is_file()
    assert (statuses(row)["write"], statuses(row)["detect"], statuses(row)["predict"]) == ("ok", "reused", "skipped")
    _report(row)
    _report(row | {"outputs": {"state_face": str(folder / "state_face.npz")}})
    assert capsys.readouterr().out.count(str(folder)) == 2


def test_an_unreadable_photo_keeps_its_rows_and_folders(again: PhotoToMesh, tmp_path: Path) -> None:
    photo, manifest = tmp_path / "p.png", again.manifest
    manifest.record([kept(photo, tmp_path / "out" / f"p_face{face}", face) for face in (1, 2)])
    content = photo.read_bytes()
    photo.write_bytes(b"torn")
    rows = again(photo)
    manifest.record(rows)
    assert [row["status"] for row in rows] == ["failed", "failed"] and statuses(rows[0])["read"] == "failed"
    assert Manifest(tmp_path / "out").folder_for(Path("other/p_face2.png"), 0, 1).name == "p_face2_2"
    photo.write_bytes(content)
    assert [(row["status"], row["face"], statuses(row)["write"]) for row in again(photo)] == [
        ("ok", 1, "reused"), ("ok", 2, "reused"),
    ]  # fmt: skip


def test_results_without_a_state_stay_in_the_manifest(again: PhotoToMesh, tmp_path: Path) -> None:
    photo = tmp_path / "p.png"
    row = kept(photo, tmp_path / "out" / "p", 1)
    del row["outputs"]["state_face"]
    again.manifest.record([row])
    [failed] = again(photo)
    assert "no earlier run with --detail" in failed["reason"] and failed["outputs"] == row["outputs"]


def test_a_face_that_was_not_kept_stays_failed_and_keeps_its_number(again: PhotoToMesh, tmp_path: Path) -> None:
    photo, out = tmp_path / "p.png", tmp_path / "out"
    second = manifest_row(photo, StageClock().table(), reason="it diverged", face=2)
    again.manifest.record([kept(photo, out / "p_face1", 1), second, kept(photo, out / "p_face3", 3)])
    rows = again(photo)
    assert [row["status"] for row in rows] == ["ok", "failed", "ok"] and rows[1]["reason"] == "it diverged"
    assert cast("Any", again.detail).names == ["p_face1", "p_face3"]


def test_both_faults_are_told(again: PhotoToMesh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photo = tmp_path / "p.png"

    def full(*_: Any) -> dict[str, str]:
        raise photo_to_mesh.SeethroughError("the disk is full")

    def broken() -> None:
        raise photo_to_mesh.SeethroughError("no foundation")

    monkeypatch.setattr(photo_to_mesh, "write_reconstruction", full)
    again.manifest.record([kept(photo, tmp_path / "out" / "p", 1, write="failed")])
    details = cast("Any", again.detail)
    monkeypatch.setattr(details, "stage", broken)
    monkeypatch.setattr(StageClock, "stage", StageClock._timed)  # as where the file fails after the stage was begun
    assert again(photo)[0]["reason"] == "no foundation; the disk is full"
