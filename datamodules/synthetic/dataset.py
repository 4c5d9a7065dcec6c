"""Synthetic faces as data sets: from a pool on disk, or rendered when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset

from datamodules.sample import Sample
from datamodules.sampler import SampleKey, as_key
from datamodules.synthetic.families import OCCLUDER_NAMES
from datamodules.synthetic.generator import SceneRenderer
from datamodules.synthetic.pool_files import open_columns
from datamodules.synthetic.pool_spec import PoolSpec
from seethrough.morphable import FaceModel, FaceParameters, ParameterSizes


def as_batch(rows: dict[str, np.ndarray], index: list[int], spec: PoolSpec, sizes: ParameterSizes) -> dict[str, Any]:
    """Turn rows of a pool into a collated batch of :class:`~datamodules.sample.Sample`."""
    size, count = spec.scene.image_size, len(index)

    def mask(name: str) -> torch.Tensor:
        bits = np.unpackbits(rows[name], axis=1, count=size * size)
        return torch.from_numpy(bits).view(count, 1, size, size).float()

    def floats(name: str) -> torch.Tensor:
        return torch.from_numpy(np.array(rows[name], np.float32))

    parameters = FaceParameters.from_vector(floats("coefficients"), sizes)
    names = list(FaceParameters.__dataclass_fields__)
    occluder = torch.from_numpy(rows["occluder"].astype(np.int64))
    return {
        "image": torch.from_numpy(np.array(rows["image"])).float().div_(255),
        "landmarks": floats("landmarks"),
        "mask": mask("mask"),
        "id": [spec.sample_id(row) for row in index],
        "identity": torch.tensor([spec.person(row) for row in index], dtype=torch.int64),
        "truth": {
            "parameters": dict(zip(names, parameters, strict=True)),
            "model": [spec.scene.model] * count,
            "landmarks": floats("true_landmarks"),
            "landmark_visible": torch.from_numpy(np.array(rows["landmark_visible"], bool)),
            "full_face": mask("full_face"),
            "occluder": occluder,
            "occluder_name": [OCCLUDER_NAMES[number] for number in occluder.tolist()],
            "subset": [spec.subset(number) for number in occluder.tolist()],
            "twin": [spec.sample_id(row ^ 1) if spec.twins else "" for row in index],
        },
    }


class PoolDataset(Dataset):
    """Reads a finished pool through memory maps; a whole batch at a time when the loader asks for one.

    Args:
        folder: of the pool.
        spec: what it holds.
    """

    batch = staticmethod(as_batch)

    def __init__(self, folder: str | Path, spec: PoolSpec) -> None:
        self.folder, self.spec = Path(folder), spec
        self._open()

    def _open(self) -> None:
        self.layout, self._columns = open_columns(self.folder, self.spec.layout)

    def __getstate__(self) -> dict[str, Any]:
        """Loader processes map the files again; the pictures do not travel."""
        return {"folder": self.folder, "spec": self.spec}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Map the files again."""
        self.__dict__.update(state)
        self._open()

    def __len__(self) -> int:
        return self.layout.rows

    def sample_id(self, place: int) -> str:
        """Return the id of a sample; reads nothing."""
        return self.spec.sample_id(place)

    def __getitem__(self, key: SampleKey | tuple[int, int] | int) -> Sample:
        row = as_key(key).index
        rows = {name: column[row : row + 1] for name, column in self._columns.items()}
        return _first(self.batch(rows, [row], self.spec, self.layout.sizes))

    def __getitems__(self, keys: Sequence[SampleKey | tuple[int, int] | int]) -> dict[str, Any]:
        """Return a ready batch; PyTorch's loader calls this instead of ``__getitem__`` once for each sample."""
        index = [as_key(key).index for key in keys]
        rows = {name: column[index] for name, column in self._columns.items()}
        return self.batch(rows, index, self.spec, self.layout.sizes)


class JoinedDataset(Dataset):
    """Data sets one after the other, whose people are numbered on and whose batches may come from several.

    Args:
        parts: data sets of samples with unlike ids.
        people: how many people each of them shows.
    """

    def __init__(self, parts: Sequence[PoolDataset], people: Sequence[int]) -> None:
        self.parts = list(parts)
        self._rows = np.cumsum([0, *(len(part) for part in parts)])
        self._people = np.cumsum([0, *people])

    def __len__(self) -> int:
        return int(self._rows[-1])

    def sample_id(self, place: int) -> str:
        """Return the id of a sample; reads nothing."""
        part = int(np.searchsorted(self._rows, place, side="right")) - 1
        return self.parts[part].sample_id(place - int(self._rows[part]))

    def __getitem__(self, key: SampleKey | tuple[int, int] | int) -> Sample:
        return _first(self.__getitems__([key]))

    def __getitems__(self, keys: Sequence[SampleKey | tuple[int, int] | int]) -> dict[str, Any]:
        """Return a ready batch."""
        index = np.array([as_key(key).index for key in keys])
        number = np.searchsorted(self._rows, index, side="right") - 1
        batches, order = [], []
        for part in np.unique(number).tolist():
            places = np.flatnonzero(number == part)
            batch = self.parts[part].__getitems__([int(row) for row in index[places] - self._rows[part]])
            batch["identity"] = batch["identity"] + int(self._people[part])
            batches.append(batch)
            order += places.tolist()
        return batches[0] if len(batches) == 1 else _merged(batches, np.argsort(order).tolist())


def _merged(batches: list[dict[str, Any]], order: list[int]) -> dict[str, Any]:
    """Concatenate batches of the same keys and bring their samples into an order."""
    merged: dict[str, Any] = {}
    for key, value in batches[0].items():
        values = [batch[key] for batch in batches]
        if isinstance(value, dict):
            merged[key] = _merged(values, order)
        elif isinstance(value, torch.Tensor):
            merged[key] = torch.cat(values)[order]
        else:
            every = [one for each in values for one in each]
            merged[key] = [every[place] for place in order]
    return merged


class LiveDataset(Dataset):
    """Renders a face whenever it is asked for: other faces in every epoch.

    Args:
        spec: what the data set holds.
        load_model: returns the generating model; called once in each process that renders.
    """

    batch = staticmethod(as_batch)

    def __init__(self, spec: PoolSpec, load_model: Callable[[], FaceModel]) -> None:
        self.spec, self._load_model = spec, load_model
        self._renderer: SceneRenderer | None = None

    def __getstate__(self) -> dict[str, Any]:
        """A loader process makes its own renderer."""
        return {"spec": self.spec, "_load_model": self._load_model, "_renderer": None}

    def __len__(self) -> int:
        return self.spec.rows

    def sample_id(self, place: int) -> str:
        """Return the id of a sample of epoch 0; renders nothing."""
        return self.spec.sample_id(place)

    def __getitem__(self, key: SampleKey | tuple[int, int] | int) -> Sample:
        return _first(self.__getitems__([key]))

    def __getitems__(self, keys: Sequence[SampleKey | tuple[int, int] | int]) -> dict[str, Any]:
        """Return a ready batch."""
        if self._renderer is None:
            self._renderer = self.spec.renderer(self._load_model())
        wanted = [as_key(key) for key in keys]
        sampler = self._renderer.scenes
        faces = self._renderer.render_all([self.spec.scene_of(sampler, key.index, key.epoch) for key in wanted])
        batch = self.batch(self.spec.stacked(faces), [key.index for key in wanted], self.spec, sampler.sizes)
        if any(key.epoch for key in wanted):
            batch["id"] = [f"{name}-epoch{key.epoch}" for name, key in zip(batch["id"], wanted, strict=True)]
            people = [key.epoch * self.spec.rows + self.spec.person(key.index) for key in wanted]
            batch["identity"] = torch.tensor(people, dtype=torch.int64)
        return batch


def _first(batch: dict[str, Any]) -> Any:
    """Take the only sample out of a batch of one."""
    return {key: _first(value) if isinstance(value, dict) else value[0] for key, value in batch.items()}
