"""Photos and a network for the tests of experiments.reconstruct."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image

SIZE = 64


def save_photos(folder: Path) -> dict[str, Path]:
    """Write photos good and bad; two of the good ones have the same name."""
    import skimage.data

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "other").mkdir()
    # A part of the photo: quick to search, and without the suit that a detector takes for a face.
    head = skimage.data.astronaut()[:230, 100:350]
    photos = {
        "good": folder / "astronaut.png",
        "twin": folder / "other" / "astronaut.jpg",
        "text": folder / "letter.jpg",
        "tiny": folder / "tiny.png",
        "empty": folder / "wall.png",
        "missing": folder / "nowhere.png",
    }
    Image.fromarray(head).save(photos["good"])
    Image.fromarray(head[:, ::-1].copy()).save(photos["twin"], quality=95)
    photos["text"].write_text("Dear Eileen,\n")
    Image.new("RGB", (2, 2)).save(photos["tiny"])
    Image.fromarray(np.full((120, 160, 3), 90, dtype=np.uint8)).save(photos["empty"])
    return photos


def save_network(run: Path, **changes: object) -> Path:
    """Write a run folder with an untrained little network; it sees the mean face in every photo."""
    from lightning_modules.focus.config import EncoderConfig, FaceModelConfig, FocusConfig, SegmentationConfig
    from lightning_modules.focus.lightning_model import FocusModule

    settings = {
        "image_size": SIZE,
        "face_model": FaceModelConfig(level=0, identity=10, expression=8, albedo=6),
        "encoder": EncoderConfig(architecture="narrow", pretrained=False, widths=[8, 8, 16], hidden=16),
        "segmentation": SegmentationConfig(widths=[4, 8], convolutions=[1, 1], dropout=0.0),
    }
    module = FocusModule(FocusConfig(**(settings | changes)))
    checkpoint = {
        "state_dict": module.state_dict(),
        "hyper_parameters": dict(module.hparams),
        "em_step": 0,
    }
    (run / "checkpoints").mkdir(parents=True)
    (run / "config.yaml").write_text("method: focus\n", encoding="utf-8")
    torch.save(checkpoint, run / "checkpoints" / "step_00000001.ckpt")
    return run


def save_translator(run: Path) -> Path:
    """Write a run folder with a translator that learned from images of 64 px, and says half a millimetre everywhere."""
    from lightning_modules.bump.config import BumpConfig, TranslatorConfig
    from lightning_modules.bump.lightning_model import BumpModule
    from seethrough.details.bump_encoding import CODES_PER_MM

    torch.manual_seed(0)
    module = BumpModule(BumpConfig(translator=TranslatorConfig(width=4, depth=2, padding=1)))
    module.look(torch.zeros(1, 3, SIZE, SIZE))
    with torch.no_grad():
        module.translator.head.weight.zero_()
        module.translator.head.bias.fill_(float(np.arctanh((127 + 0.5 * CODES_PER_MM) / 127.5 - 1)))
    checkpoint = {"state_dict": module.state_dict(), "hyper_parameters": dict(module.hparams)}
    module.on_save_checkpoint(checkpoint)
    (run / "checkpoints").mkdir(parents=True)
    torch.save(checkpoint, run / "checkpoints" / "step_00000001.ckpt")
    return run
