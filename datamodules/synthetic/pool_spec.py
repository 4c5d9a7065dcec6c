"""What a pool of synthetic faces holds, and the name that it is found by."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np

from datamodules.synthetic.config import SceneConfig
from datamodules.synthetic.families import NO_OCCLUDER
from datamodules.synthetic.generator import GENERATOR_VERSION, SceneRenderer, SyntheticFace
from datamodules.synthetic.pool_files import PoolLayout
from datamodules.synthetic.scene import Scene, SceneSampler, person_of
from datamodules.synthetic.streams import Seed
from seethrough.morphable import FaceModel


@dataclass(frozen=True)
class PoolSpec:
    """What a pool holds.

    Attributes:
        name: a word for the folder's name.
        scene: settings of the scenes.
        rows: number of pictures.
        seed: of the data set.
        twins: rows 2k and 2k + 1 show scene k, without and with its occluder.
    """

    name: str
    scene: SceneConfig
    rows: int
    seed: Seed
    twins: bool = False

    layout: ClassVar[type[PoolLayout]] = PoolLayout
    """Which columns the pool has."""

    def renderer(self, model: FaceModel) -> SceneRenderer:
        """Return what renders the scenes of the pool."""
        return SceneRenderer(model, self.scene, self.seed)

    def stacked(self, faces: Sequence[SyntheticFace]) -> dict[str, np.ndarray]:
        """Return the rows of all columns of some faces, masks packed."""
        names = SyntheticFace.__dataclass_fields__
        rows = {name: np.stack([getattr(face, name) for face in faces]) for name in names}
        for name in ("mask", "full_face"):
            rows[name] = np.packbits(rows[name].reshape(len(faces), -1), axis=1)
        return rows

    def sample_id(self, row: int) -> str:
        """Return the id of the sample on a row."""
        return f"{self.name}-{row:06d}"

    def person(self, row: int) -> int:
        """Return the number of the person on a row."""
        return person_of(self.scene, row // 2 if self.twins else row)

    @property
    def people(self) -> int:
        """Number of people on all rows."""
        return self.person(self.rows - 1) + 1 if self.rows else 0

    def subset(self, occluder: int) -> str:
        """Return the subset of an evaluation that a picture with this occluder class belongs to."""
        prefix = "ood_" if self.scene.domain == "unseen" else ""
        return f"{prefix}{'occluded' if occluder else 'clean'}"

    def scene_of(self, sampler: SceneSampler, row: int, epoch: int = 0) -> Scene:
        """Return the scene on a row."""
        if not self.twins:
            return sampler.scene(epoch, row)
        return sampler.scene(epoch, row // 2, family=NO_OCCLUDER if row % 2 == 0 else None)


def pool_settings(spec: PoolSpec) -> dict[str, Any]:
    """Return all that the pictures depend on beside the face model, with the version of the generator."""
    return {**asdict(spec), "version": GENERATOR_VERSION}


def pool_key(spec: PoolSpec, model: FaceModel) -> str:
    """Return the name of a pool's folder: a word and a hash of settings, face model and version of the generator."""
    settings = pool_settings(spec)
    # Where the model was read from does not matter, what is in it does.
    source = ("model", "level", "expression_file", "crop")
    settings["scene"] = {key: value for key, value in settings["scene"].items() if key not in source}
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for tensor in (
        model.mean,
        model.identity_basis,
        model.expression_basis,
        model.albedo_mean,
        model.albedo_basis,
        model.triangles,
        model.landmarks,
        *(model.expression_units[name] for name in sorted(model.expression_units)),
    ):
        digest.update(str(tuple(tensor.shape)).encode())
        digest.update(np.ascontiguousarray(tensor.numpy()).tobytes())
    digest.update(json.dumps(sorted(model.expression_units)).encode())
    return f"{spec.name}-{spec.scene.image_size}px-{spec.rows}-{digest.hexdigest()[:12]}"
