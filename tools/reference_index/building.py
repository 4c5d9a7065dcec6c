"""Going through the faces of a source, in pieces that are done or not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tqdm import tqdm

from seethrough.details.filling import NewReference, ReferenceWriter
from seethrough.details.filling.reference_files import SetDescription
from tools.reference_index.face_source import FaceSource, SourceFace, UnfitFace
from tools.reference_index.features import FeatureReader

TOGETHER = 32
"""Faces of a piece; what a network says of a face depends in its last bits on the others of its batch."""


def build_references(
    source: FaceSource,
    features: FeatureReader,
    folder: Path,
    *,
    overwrite: bool = False,
    say: Callable[[str], None] = print,
) -> ReferenceWriter:
    """Write a reference set; what an earlier run with the same settings has done is kept.

    Raises:
        SeethroughError: the folder holds something else, cannot be written, or no face is fit.
    """
    description = SetDescription.of(
        source.model, source.crop_size, features.name, features.size(source.model.sizes.identity)
    )
    settings = {**source.settings, "weights_of_features": features.weights}
    writer = ReferenceWriter(folder, description, settings, overwrite=overwrite)
    if writer.finished:
        say(f"{folder}: complete already, nothing to do")
        return writer
    if writer.taken:
        say(f"{folder}: goes on after {writer.taken} of {len(source)} faces")
    with tqdm(total=len(source), initial=writer.taken, unit="face", disable=None) as bar:
        for first in range(writer.taken, len(source), TOGETHER):
            piece = source.faces(range(first, min(first + TOGETHER, len(source))))
            fit = [face for face in piece if isinstance(face, SourceFace)]
            writer.append(
                [_reference(face, feature) for face, feature in zip(fit, features(fit), strict=True)] if fit else [],
                [(face.id, face.reason) for face in piece if isinstance(face, UnfitFace)],
            )
            bar.update(len(piece))
    writer.finish()
    return writer


def _reference(face: SourceFace, feature: object) -> NewReference:
    return NewReference(
        face.id,
        face.identity,
        face.bump,
        face.mask,
        face.landmarks,
        face.viewpoint,
        feature,  # pyright: ignore
    )
