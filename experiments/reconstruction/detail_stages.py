"""From a reconstructed face to its detail: foundation, bump map, detailed surface."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.reconstruction.detail_writing import write_detail
from experiments.reconstruction.estimator import FaceEstimator
from experiments.reconstruction.foundations import FoundationSource
from experiments.reconstruction.stages import StageClock
from experiments.reconstruction.writing import Reconstruction
from seethrough.details import FOUNDATIONS
from seethrough.details.detail_foundation import DetailFoundation
from seethrough.details.face_detail import FaceDetail, shaded_detail, translated_detail
from seethrough.details.shading import shading_preset
from seethrough.errors import SeethroughError

if TYPE_CHECKING:
    from lightning_modules.bump.loading import LoadedTranslator


@dataclass(frozen=True)
class DetailStages:
    """The stages ``foundation``, ``bump`` and ``mesh`` with what they need.

    Attributes:
        source: places foundations.
        translator: makes bump maps; None for shape from shading.
        shading: name of the parameters of shape from shading.
    """

    source: FoundationSource
    translator: LoadedTranslator | None
    shading: str = "default"

    def __call__(
        self, name: str, result: Reconstruction, estimator: FaceEstimator, folder: Path, clock: StageClock
    ) -> dict[str, str]:
        """Make and write the detail of one face; returns ``{name: path}``.

        Raises:
            SeethroughError: no foundation, nothing of the face visible, or a folder that cannot be written.
        """
        with clock.stage("foundation"):
            face = self.source.placed(
                name, result.photo, estimator, result.estimate, result.crop, result.face.landmarks
            )
        with clock.stage("bump"):
            detail = self.bump(face)
        with clock.stage("mesh"):
            return write_detail(detail, folder, self.settings())

    def bump(self, face: DetailFoundation) -> FaceDetail:
        """Return the detail of a face: of the translator where there is one, else by its shading."""
        if self.translator is None:
            return shaded_detail(face, shading_preset(self.shading))
        return translated_detail(face, self.translator.network, along=self.translator.view.along)

    def settings(self) -> dict[str, Any]:
        """Return what ``detail.json`` says of how it was made."""
        made: dict[str, Any] = {"foundation": self.source.choice}
        if self.translator is None:
            return made | {"bump_by": "shape from shading", "shading": self.shading}
        return made | {
            "bump_by": "translator",
            "translator": str(self.translator.source),
            "translator_size_px": self.translator.view.size,
        }


def detail_stages(options: argparse.Namespace) -> DetailStages | None:
    """Return the stages that the parsed options ask for, None for none.

    Raises:
        SeethroughError: an option without the one that it belongs to, or what is not there.
    """
    if options.bump is None and options.shading is None:
        for name in ("foundation", "foundation_model", "foundation_expressions"):
            if getattr(options, name) is not None:
                raise SeethroughError(
                    f"--{name.replace('_', '-')} says what details lie on: add --bump RUN or --shading"
                )
        return None
    if options.misfit_prior:
        raise SeethroughError(
            "--misfit-prior corrects the face model's meshes, details lie on the face that covers the photo: give one"
        )
    if options.shading is not None:
        shading_preset(options.shading)
    translator = None
    if options.bump is not None:
        from lightning_modules.bump.loading import load_translator

        translator = load_translator(options.bump)
    preset = FOUNDATIONS[0] if translator is None else translator.foundation
    source = FoundationSource(options.foundation or preset, options.foundation_model, options.foundation_expressions)
    return DetailStages(source, translator, options.shading or "default")
