"""From a reconstructed face to its detail: foundation, bump map, detailed surface, and on demand the complete face."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.reconstruction.completion_stages import CompletionStages
from experiments.reconstruction.completion_writing import CompletionWriter, frame_of, write_foundation
from experiments.reconstruction.detail_writing import write_detail
from experiments.reconstruction.estimator import FaceEstimator
from experiments.reconstruction.face_state import forget, read_bump_settings, read_bump_state, write_bump_state
from experiments.reconstruction.foundations import FoundationSource
from experiments.reconstruction.model_colours import ModelColours
from experiments.reconstruction.reconstructed_face import Reconstruction
from experiments.reconstruction.stage_range import StageRange
from experiments.reconstruction.stages import StageClock
from experiments.reconstruction.visible_part import with_visible_part
from seethrough.details.detail_foundation import DetailFoundation
from seethrough.details.face_detail import FaceDetail, shaded_detail, translated_detail
from seethrough.details.filling.visible_face import PICTURE_SUFFIXES
from seethrough.details.shading import shading_preset
from seethrough.errors import SeethroughError

if TYPE_CHECKING:
    from lightning_modules.bump.loading import LoadedTranslator

LEAST_MM = 0.005
"""Median of a bump map on the visible face below which a translator has found nothing; faces have tenths."""


@dataclass(frozen=True)
class DetailStages:
    """The stages ``foundation``, ``bump`` and ``mesh``, and those that complete the face, with what they need.

    Attributes:
        source: places foundations; None takes those under the bump maps of an earlier run, which are used again.
        translator: makes bump maps; None for shape from shading.
        shading: name of the parameters of shape from shading.
        mask: where the visible face is known from, see :mod:`experiments.reconstruction.visible_part`.
        completion: completes the face; None stops at the detailed surface.
    """

    source: FoundationSource | None
    translator: LoadedTranslator | None
    shading: str = "default"
    mask: str = "focus"
    completion: CompletionStages | None = None

    @property
    def reuses_face(self) -> bool:
        """Whether the fitted face is that of an earlier run."""
        return self.completion is not None and self.completion.stages.reuses("face")

    @property
    def mask_of_one_photo(self) -> bool:
        """Whether the visible face is known from a mask of one photo."""
        return self.mask.lower().endswith(PICTURE_SUFFIXES)

    def check(self, estimator: FaceEstimator) -> None:
        """Refuse, before any photo, a reference set of another face model than the foundation's.

        Raises:
            SeethroughError: it is of another one.
        """
        filler = None if self.completion is None else self.completion.filler
        if filler is None or filler.search is None or self.source is None:
            return
        references = filler.search.references
        references.description.require(self.source.model or estimator.written_model, references.folder)

    def __call__(
        self,
        name: str,
        result: Reconstruction,
        estimator: FaceEstimator,
        folder: Path,
        clock: StageClock,
        outputs: dict[str, str],
    ) -> None:
        """Make and write the detail of one face.

        Args:
            name: of the face, for its coefficient file.
            result: the fitted face.
            estimator: knows the face model.
            folder: where to.
            clock: times the stages.
            outputs: ``{name: path}``, to which what is written is added; so that after a fault it is told.

        Raises:
            SeethroughError: no foundation, nothing of the face visible, or a folder that cannot be written.
        """
        stages = StageRange(last="bump") if self.completion is None else self.completion.stages
        if not stages.reaches("foundation"):
            return
        reused = stages.reuses("bump")
        source = self._source_of_earlier(name, folder) if reused else self.source
        assert source is not None
        with clock.stage("foundation"):
            face = source.placed(name, result.photo, estimator, result.estimate, result.crop, result.face.landmarks)
            if not reused:
                face = with_visible_part(face, self.mask, self.translator, result)
            model = source.model or estimator.written_model
            kept = {"foundation_of": source.described(name)}
            if not stages.reaches("bump"):
                outputs |= write_foundation(folder, face.foundation, model, frame_of(face.foundation, model))
                return
        if reused:
            detail = read_bump_state(folder, face)
            clock.reuse("bump", "mesh")
        else:
            with clock.stage("bump"):
                detail = self.bump(face)
            self.warn_of_nothing(name, detail)
            clock.beside("mesh", lambda: self._write(CompletionWriter(folder, detail, model, outputs), kept))
        if self.completion is None:
            return
        fitted = source.model is None
        parameters = result.estimate.parameters
        colours = ModelColours.fitted(estimator, parameters) if fitted else ModelColours.mean(model)
        self.completion(detail, result, CompletionWriter(folder, detail, model, outputs), colours, clock)

    def _source_of_earlier(self, name: str, folder: Path) -> FoundationSource:
        """Return what placed the foundation under a kept bump map; raises where another one is asked for."""
        kept = read_bump_settings(folder)["foundation_of"]
        source = self.source or FoundationSource(kept["foundation"], kept["model"], kept["expressions"])
        now = source.described(name)
        options = {"foundation": "", "model": "-model", "expressions": "-expressions"}
        for key, option in options.items():
            if now[key] != kept[key]:
                raise SeethroughError(
                    f"the bump map of the earlier run lies on --foundation{option} "
                    f"{kept[key] or 'none'}: name that one, or start with --stages foundation.."
                )
        if now["coefficients"] != kept["coefficients"]:
            raise SeethroughError(
                f"--foundation {source.choice}: the coefficients are others than those that the bump map of the "
                "earlier run lies on; start with --stages foundation.."
            )
        return source

    def _write(self, writer: CompletionWriter, kept: dict[str, Any]) -> None:
        """Write the bump map and its surface, and at last what later runs start from."""
        made = self.settings()
        for name in ("bump", "fill"):
            writer.outputs.pop(f"state_{name}", None)
        forget(writer.folder, "bump", "fill")
        writer.outputs |= write_detail(writer.detail, writer.folder, made)
        if self.completion is None:
            return
        if not self.completion.stages.reaches("symmetry"):
            writer.write_surfaces(frame_of(writer.detail.face.foundation, writer.model))
        writer.outputs["state_bump"] = str(write_bump_state(writer.folder, writer.detail, made | kept))

    def bump(self, face: DetailFoundation) -> FaceDetail:
        """Return the detail of a face: of the translator where there is one, else by its shading."""
        if self.translator is None:
            return shaded_detail(face, shading_preset(self.shading))
        return translated_detail(face, self.translator.network, along=self.translator.view.along)

    def warn_of_nothing(self, name: str, detail: FaceDetail) -> None:
        """Say that a translator finds nothing on the face ``name``, as one does that was trained for a few steps."""
        size = detail.median()
        if self.translator is not None and size < LEAST_MM:
            print(
                f"warning: {name}: the bump map is next to nothing, its median is {size:.4f} mm: "
                f"{self.translator.source} has not learned enough; train it longer, or take --bump default",
                file=sys.stderr,
                flush=True,
            )

    def settings(self) -> dict[str, Any]:
        """Return what ``detail.json`` says of how it was made."""
        made: dict[str, Any] = {"foundation": None if self.source is None else self.source.choice, "mask": self.mask}
        if self.translator is None:
            return made | {"bump_by": "shape from shading", "shading": self.shading}
        return made | {
            "bump_by": "translator",
            "translator": str(self.translator.source),
            "translator_size_px": self.translator.view.size,
        }
