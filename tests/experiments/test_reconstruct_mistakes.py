"""What can be wrong with a complete face: references, masks, photos; one line each, and other photos go on."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from experiments.command_line import run
from experiments.reconstruct import main
from seethrough.errors import SeethroughError
from tests.details.filling.small_references import write_set

FAST = ["--checkpoint", "none", "--refine", "0", "--level", "0", "--detail", "--stages", "..fill"]


def refused(told: str, *options: str) -> None:
    with pytest.raises(SeethroughError, match=told) as caught:
        main([*options, *FAST])
    assert "\n" not in str(caught.value)


def test_reference_sets_that_cannot_be_used_are_told_before_any_photo(photos, translator, tmp_path, capsys) -> None:
    folder, out = write_set(tmp_path / "set"), tmp_path / "out"
    command = [str(photos["good"]), "--out", str(out), "--bump", str(translator), "--references", str(folder)]
    refused("12 references, fewer than --nearest 100; lower it or add references", *command)
    refused("face model", *command, "--nearest", "5")
    features, description = folder / "feature.bin", folder / "references.json"
    features.write_bytes(features.read_bytes()[:-3])
    refused("feature.bin", *command, "--nearest", "5")
    description.write_text("{torn")
    refused("references.json", *command, "--nearest", "5")
    assert not out.exists()
    with pytest.raises(SystemExit) as left:
        run(main, [*command, *FAST])
    told = capsys.readouterr().err.splitlines()
    assert left.value.code == 2 and [line.startswith("error: ") for line in told] == [True]


def test_masks_that_cannot_be_used_are_the_photo_s_own_fault(photos, translator, tmp_path) -> None:
    command = [str(photos["good"]), "--out", str(tmp_path / "out"), "--bump", str(translator)]

    def reason(mask: np.ndarray) -> str:
        Image.fromarray(mask).save(tmp_path / "mask.png")
        options = ["--mask", str(tmp_path / "mask.png"), "--json", str(tmp_path / "rows.json"), *FAST]
        assert main([*command, *options]) == 1
        (row,) = json.loads((tmp_path / "rows.json").read_text())
        assert row["status"] == "failed" and "\n" not in row["reason"]
        assert Path(row["outputs"]["parameters"]).is_file()  # what came before the fault stays
        return row["reason"]

    with Image.open(photos["good"]) as photo:
        height, width = photo.height, photo.width
    other = reason(np.full((height, width + 9), 255, np.uint8))
    assert f"mask.png: {width + 9} x {height} px, the photo has {width} x {height} and its crop 500 x 500" in other
    assert "nothing of the face is visible" in reason(np.zeros((height, width), np.uint8))
    (tmp_path / "mask.png").write_bytes(b"no picture")
    assert main([*command, "--mask", str(tmp_path / "mask.png"), *FAST]) == 1


def test_a_profile_with_one_eye_stops_no_other_photo(photos, translator, tmp_path, capsys) -> None:
    import torch

    from seethrough.morphable import FaceParameters, load_face_model
    from seethrough.rendering import Camera, FaceRenderer

    model = load_face_model("open", level=0)
    face = FaceParameters.zeros(model.sizes)
    with torch.no_grad():
        drawn = FaceRenderer(model, Camera(1100.0, 256, 256))(
            face.with_changes(rotation=torch.tensor([[0.0, 1.5, 0.0]]))
        )
    profile = drawn.image[0].permute(1, 2, 0).clamp(0, 1).numpy()
    Image.fromarray((profile * 255).astype(np.uint8)).save(tmp_path / "profile.png")
    command = [str(tmp_path / "profile.png"), str(photos["good"]), "--out", str(tmp_path / "out")]
    assert main([*command, "--bump", str(translator), "--json", str(tmp_path / "rows.json"), *FAST]) == 1
    rows = json.loads((tmp_path / "rows.json").read_text())
    assert [row["status"] for row in rows] == ["failed", "ok"]
    assert "no face found in 256 x 256 pixels; is one large, sharp, upright and frontal?" in rows[0]["reason"]
    assert len(capsys.readouterr().err.splitlines()) == 1
