"""Faces of the study with their holes: what hole filling is given of them, and what it is to find."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from experiments.filling_study.holes import HOLES, hole
from seethrough.details.filling import Holed, ReferenceSet
from seethrough.details.shaded_skin import NARROWED
from seethrough.errors import SeethroughError
from tools.reference_index.face_source import SourceFace
from tools.reference_index.features import FeatureReader
from tools.reference_index.rendered_faces import WHAT_BUMPS_ARE, RenderedFaces

HIDDEN = 40
"""Grey level of what stands before the face, in the picture that the networks see."""

TRUE = "true"
SPLITS = ("validation", "test")


@dataclass(frozen=True)
class Case:
    """One face with a hole.

    Attributes:
        place: number of the face.
        seed: of the hole, and of the order of random references.
        hole: kind of the hole.
        bumps: whose bumps are seen around it: ``true``, or a translator's name.
        face: the face, whole.
        gap: (S, S) bool, the hole.
        holed: what the filling is given; a translator's bumps beside what hides the face are part of the hole.
        feature: (D,) recognition feature of the picture with the hole covered.
    """

    place: int
    seed: int
    hole: str
    bumps: str
    face: SourceFace
    gap: np.ndarray
    holed: Holed
    feature: np.ndarray

    def random(self) -> np.random.Generator:
        """Return the generator of this case, as it stands once the hole is drawn."""
        return np.random.default_rng((self.seed, self.place, HOLES.index(self.hole), 1))


def study_source(references: ReferenceSet, split: str, pools: str, settings: Sequence[str]) -> RenderedFaces:
    """Return the people of a split, whom the references must not show.

    Args:
        references: the set.
        split: ``validation`` or ``test``.
        pools: folder of rendered pools.
        settings: KEY=VALUE of ``data/detail``.

    Raises:
        SeethroughError: settings that make other bumps than those of the set, or people who are in it.
    """
    from datamodules.detail.datamodule import DetailDataModule
    from experiments.building import build_data
    from experiments.config.composition import compose

    changes = [f"data.scene.image_size={references.size}", f"data.folder={pools}", *settings]
    data = build_data(compose(["bump", "data/detail"], changes))
    assert isinstance(data, DetailDataModule)
    for name in WHAT_BUMPS_ARE:
        theirs, ours = references.settings.get(name), getattr(data.config.scene, name)
        if theirs != ours:
            raise SeethroughError(
                f"{references.folder}: made with data.scene.{name}={theirs}, the faces have {ours}; give both the same"
            )
    if references.settings.get("source") == data.set_name(split):
        raise SeethroughError(f"{references.folder}: holds the {split} people themselves; make it of the others")
    references.description.require(data.truth_model, references.folder)
    return RenderedFaces(data, split)


def cases(
    source: RenderedFaces, count: int, seeds: Sequence[int], bumps: Sequence[str], features: FeatureReader
) -> Iterator[Case]:
    """Yield each hole of each of the first ``count`` faces, for each seed, with the bumps of each source.

    Raises:
        SeethroughError: there is no such translator.
    """
    networks = {name: None if name == TRUE else _network(name) for name in bumps}
    for place in range(count):
        (face,) = source.faces([place])
        assert isinstance(face, SourceFace)
        for seed in seeds:
            for number, kind in enumerate(HOLES):
                rng = np.random.default_rng((seed, place, number))
                gap = hole(kind, face.mask, face.landmarks, rng)
                image = face.image.copy()
                image[gap] = HIDDEN
                feature = features([replace(face, image=image)])[0]
                for name, network in networks.items():
                    seen, widen = face.bump, 0.0
                    if network is not None:
                        picture = torch.from_numpy(image).permute(2, 0, 1).float()[None] / 255
                        with torch.no_grad():
                            seen = network(picture)[0, 0].double().numpy()
                        widen = NARROWED
                    holed = Holed.of(seen, face.mask & ~gap, face.mask, face.landmarks, widen)
                    yield Case(place, seed, kind, name, face, gap, holed, feature)


def _network(name: str) -> torch.nn.Module:
    from lightning_modules.bump.loading import load_translator

    return load_translator(name).network
