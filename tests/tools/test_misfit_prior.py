from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from PIL import Image

from lightning_modules.focus.loading import load_focus_module
from seethrough.errors import SeethroughError
from tests.experiments.reconstruction_photos import save_network
from tests.small_face import small_face_model
from tools.misfit_prior.command import main, spread
from tools.misfit_prior.picture import heat, misfit_picture


def test_the_command_leaves_a_prior_that_the_run_brings_along(tmp_path, capsys):
    run = save_network(tmp_path / "run")
    arguments = [str(run), "--faces", "6", "--steps", "2", "--batch-size", "2", "--accelerator", "cpu", "expression=0"]
    assert main([*arguments, "--json", str(tmp_path / "told.json")]) == 0
    assert "mm a vertex on average" in capsys.readouterr().out
    told = json.loads((tmp_path / "told.json").read_text())
    prior = load_focus_module(run).focus.misfit_prior
    assert told["mean_mm"] == pytest.approx(float(prior.norm(dim=-1).mean()), rel=1e-5)
    assert told["faces"] == 6 and (run / "misfit_prior.png").is_file()


def test_settings_of_the_faces():
    assert spread(["rotation=[0.1, 0.2, 0.3]", "albedo=2"]).rotation == (0.1, 0.2, 0.3)
    assert spread([]).expression == 0.5
    with pytest.raises(SeethroughError, match="unknown key 'expresion'"):
        spread(["expresion=1"])
    with pytest.raises(SeethroughError, match="albedo"):
        spread(["albedo=much"])


def test_mistakes(tmp_path):
    with pytest.raises(SeethroughError, match="faces=0"):
        main([str(tmp_path), "--faces", "0"])
    with pytest.raises(SeethroughError, match="no run folder"):
        main([str(tmp_path)])


def test_the_picture_shows_sign_and_place():
    colours = heat(torch.tensor([-1.0, 0.0, 1.0]))
    assert colours[0, 2] > colours[0, 0] and colours[2, 0] > colours[2, 2]
    assert float(colours[1].min()) > 0.9
    model = small_face_model()
    error = torch.zeros(model.vertex_count, 3)
    error[model.mean[:, 0] > 0, 1] = 2.0  # the viewer's right half is too high by 2 mm
    picture = np.asarray(misfit_picture(model, error)).astype(int)
    red = picture[..., 0] - picture[..., 2] > 60
    third = picture.shape[1] // 3
    columns = np.flatnonzero(red[: picture.shape[0] // 2].any(0))
    scale = int(picture.shape[1] - 110)
    inside = columns[columns < scale]
    assert len(inside) and third * 0.9 < inside.min() and inside.max() < 2 * third
    assert isinstance(misfit_picture(model, error * 0), Image.Image)
