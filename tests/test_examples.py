"""Programs under docs/examples do what they say, in a folder without the project."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from lightning_modules.focus.loading import load_focus_module
from seethrough.morphable.open_model import open_model_path
from seethrough.photos.alignment import align
from tests.experiments.reconstruction_photos import SIZE, save_network, save_photos
from tests.tools.test_export_onnx import require_packages, varied
from tools.export_onnx.command import main

EXAMPLE = Path(__file__).resolve().parents[1] / "docs" / "examples" / "onnx_face.py"


@pytest.mark.slow
def test_a_face_from_an_onnx_file_is_that_of_the_network(tmp_path: Path) -> None:
    require_packages()
    run = varied(save_network(tmp_path / "focus"))
    main([str(run), "--out", str(tmp_path)])
    photo = save_photos(tmp_path / "photos")["good"]
    # A face that reaches over the photo's left border, so that some of the crop is black.
    landmarks = np.random.default_rng(0).normal((40, 110), (25, 30), (68, 2))
    np.save(tmp_path / "landmarks.npy", landmarks)
    words = [EXAMPLE, "encoder.onnx", photo, "landmarks.npy", "face.obj", "--face-model", open_model_path()]
    ended = subprocess.run([sys.executable, *words], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stderr
    said = ended.stdout
    assert re.search(r"face\.obj: 2616 vertices, mm; landmarks [\d.]+ px of the crop", said) and "crop_template" in said

    crop = align(landmarks, size=SIZE).crop(np.asarray(Image.open(photo).convert("RGB")))
    with torch.no_grad():
        found = load_focus_module(run).focus.encoder(torch.from_numpy(crop).permute(2, 0, 1)[None])
    with np.load(open_model_path()) as model:
        shape = model["mean"].astype(np.float64)
        for kind in ("identity", "expression"):
            coefficients = getattr(found, kind)[0].double().numpy()
            shape += np.tensordot(coefficients, model[f"{kind}_basis"][: len(coefficients)], 1)
        assert np.abs(shape - model["mean"]).max() > 0.1
    lines = (tmp_path / "face.obj").read_text().splitlines()
    written = np.array([line.split()[1:] for line in lines if line.startswith("v ")], np.float64)
    np.testing.assert_allclose(written, shape, atol=0.002)
