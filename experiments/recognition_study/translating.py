"""Bump maps that a translator finds on the pictures of a source, kept on the disk: the realistic case."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from lightning_modules.bump.loading import load_translator
from seethrough.details.bump_encoding import encode_bump
from seethrough.errors import SeethroughError
from tools.reference_index.face_source import FaceSource, SourceFace

TOGETHER = 16


def translated(source: FaceSource, translator: str, path: Path) -> np.ndarray:
    """Return the (N, S, S) uint16 codes of a source's faces, mapped; what an earlier call has done is kept.

    Args:
        source: the faces; one that is unfit has no bump.
        translator: as ``--bump`` of reconstruct takes it: ``default``, a run folder or a checkpoint file.
        path: ``.npy`` to write.

    Raises:
        SeethroughError: no such translator, or a file of other faces.
    """
    shape, done = (len(source), source.crop_size, source.crop_size), path.with_suffix(".done")
    told = f"{translator} {shape}"
    path.parent.mkdir(parents=True, exist_ok=True)
    begun, first = done.read_text(encoding="utf-8").rpartition(" ")[::2] if done.is_file() else ("", "0")
    if begun and begun != told:
        raise SeethroughError(f"{path}: bump maps of other faces or another translator; choose another --out")
    if int(first) < len(source):
        network = load_translator(translator).network
        codes = np.lib.format.open_memmap(path, "r+" if begun else "w+", np.uint16, shape)
        with tqdm(total=len(source), initial=int(first), unit="face", desc=path.stem, disable=None) as bar:
            for start in range(int(first), len(source), TOGETHER):
                places = range(start, min(start + TOGETHER, len(source)))
                faces = source.faces(places)
                for place, face in zip(places, faces, strict=True):
                    codes[place] = encode_bump(np.zeros(shape[1:]) if face is None else 0.0)
                fit = [(place, face) for place, face in zip(places, faces, strict=True) if isinstance(face, SourceFace)]
                if fit:
                    images = torch.from_numpy(np.stack([face.image for _, face in fit])).permute(0, 3, 1, 2).float()
                    with torch.no_grad():
                        bumps = network(images / 255)[:, 0].double().numpy()
                    for (place, _), bump in zip(fit, bumps, strict=True):
                        codes[place] = encode_bump(bump)
                codes.flush()
                done.write_text(f"{told} {places.stop}", encoding="utf-8")
                bar.update(len(places))
    return np.load(path, mmap_mode="r", allow_pickle=False)
