"""A fault in one frame of a video, or in its picture of the preview, ends no video."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from experiments.reconstruction import video_to_meshes
from experiments.reconstruction.manifest import Manifest, manifest_row
from experiments.reconstruction.photo_to_mesh import PhotoToMesh
from experiments.reconstruction.video_frames import VideoFrames
from experiments.reconstruction.video_to_meshes import VideoToMeshes


def test_other_frames_go_on_and_the_track_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    paths = [tmp_path / f"{number}.png" for number in range(3)]

    def reconstruction(index: int, _: Any) -> Any:
        if index == 1:
            raise RuntimeError("a matrix is singular")
        return SimpleNamespace(path=paths[index])

    track = SimpleNamespace(
        frames=[SimpleNamespace(path=path, found=True, reason=None) for path in paths],
        track=SimpleNamespace(weights=np.ones(3)),
        reconstruction=reconstruction,
    )
    monkeypatch.setattr(video_to_meshes, "track_person", lambda *_: track)
    monkeypatch.setattr(video_to_meshes, "_track_told", lambda *_: {"frames": 3})
    monkeypatch.setattr(
        PhotoToMesh, "written", lambda _, result, __, ___, clock: manifest_row(result.path, clock.table(), face=1)
    )
    estimator, detector = cast("Any", SimpleNamespace(focus=None)), cast("Any", object())
    reconstruct = PhotoToMesh(detector, estimator, Manifest(tmp_path / "out"), "largest", 0, {})
    # The stand-in has no photo to draw a preview of.
    rows = list(VideoToMeshes(reconstruct, VideoFrames(paths, 40.0))())
    assert [row["status"] for row in rows] == ["ok", "failed", "ok"]
    assert "a fault in this program (RuntimeError: a matrix is singular)" in rows[1]["reason"]
    assert capsys.readouterr().err.count("not in preview.gif") == 2
    assert (tmp_path / "out" / "track.json").is_file() and (tmp_path / "out" / "faults.log").is_file()
