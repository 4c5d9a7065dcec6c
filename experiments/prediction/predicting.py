"""Predictions shared out between processes and nodes by Lightning."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from lightning_fabric.utilities.exceptions import MisconfigurationException
from torch.utils.data import Dataset
from tqdm import tqdm

from datamodules.photos.loader import PhotoLoader
from datamodules.sampler import KeyedBatchSampler, SampleKey, as_key
from experiments.evaluation.method_evaluation import MethodEvaluation
from experiments.lightning_messages import quieten_lightning
from experiments.prediction.files import PredictionFiles
from experiments.processes import is_first_process
from seethrough.errors import SeethroughError


class Share(Dataset):
    """Some samples of a data set.

    Args:
        whole: the data set.
        places: of the samples in it.
    """

    def __init__(self, whole: Any, places: np.ndarray) -> None:
        self.whole, self.places = whole, places

    def __len__(self) -> int:
        return len(self.places)

    def __getitems__(self, keys: Sequence[SampleKey | tuple[int, int] | int]) -> dict[str, Any]:
        """Return a ready batch; of photos also ``crop``, where each sample lies in its own: scale and centre (x, y)."""
        places = [int(self.places[as_key(key).index]) for key in keys]
        batch = self.whole.__getitems__(places)
        if hasattr(self.whole, "crop"):
            by_name = {self.whole.sample_id(place): self.whole.crop(place) for place in places}
            crops = [by_name[name] for name in batch["id"]]  # faces whose files cannot be read may be left out
            batch["crop"] = [[crop.scale, *crop.centre] for crop in crops]
        return batch


class Batches:
    """The batches of a loader, which Lightning would take apart to count samples that it is not asked to count."""

    def __init__(self, loader: PhotoLoader) -> None:
        self.loader = loader

    def __len__(self) -> int:
        return len(self.loader)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.loader)


class Predictions(pl.LightningModule):
    """Writes what networks say of the samples that have no file yet.

    What is missing is found by the first process and dealt out in runs, so that a process reads few shards; after a
    kill the rest is dealt out evenly again, to however many processes there are then.

    Args:
        networks: of the run.
        evaluation: of its method, which knows how they are asked.
        source: a data module and a split of it, opened by each process for itself.
        files: where predictions go.
        batch_size: samples that a process shows the networks together.
        workers: loader processes.
    """

    def __init__(
        self, networks: pl.LightningModule, evaluation: MethodEvaluation, source: tuple[Any, str],
        files: PredictionFiles, batch_size: int, workers: int,
    ) -> None:  # fmt: skip
        super().__init__()
        # With few samples left a process may have nothing to do.
        self.allow_zero_length_dataloader_with_multiple_devices = True
        self.networks, self.evaluation, self.source, self.files = networks, evaluation, source, files
        self.batch_size, self.workers = batch_size, workers
        self.places = np.arange(0)

    def setup(self, stage: str) -> None:
        """Take this process' share of what is missing."""
        data, split = self.source
        self.dataset = data.dataset(split)
        missing = self.files.missing(sample_ids(self.dataset)) if self.trainer.is_global_zero else self.places
        missing = self.trainer.strategy.broadcast(missing)
        self.places = np.array_split(missing, self.trainer.world_size)[self.trainer.global_rank]

    def predict_dataloader(self) -> Batches:
        """Return the batches of this process."""
        sampler = KeyedBatchSampler(len(self.places), self.batch_size, shuffle=False, drop_last=False)
        context = "spawn" if self.workers else None
        share = Share(self.dataset, self.places)
        return Batches(PhotoLoader(share, sampler, num_workers=self.workers, multiprocessing_context=context))

    def on_predict_start(self) -> None:
        """Begin the bar of the first process, over its own share."""
        world = self.trainer.world_size
        self._bar = tqdm(
            total=len(self.places), unit="img", disable=not self.trainer.is_global_zero,
            desc="predicting" + (f", process 1 of {world}" if world > 1 else ""),
            mininterval=0.3 if sys.stderr.isatty() else 10.0,
        )  # fmt: skip

    def predict_step(self, batch: dict[str, Any], batch_idx: int) -> int:
        """Predict a batch and write it; returns its number of samples."""
        values = self.evaluation.prediction(self.networks, batch)
        arrays: dict[str, Any] = {key: value.cpu().numpy() for key, value in values.items()}
        if "crop" in batch:
            arrays["crop"] = np.array(batch["crop"], dtype=np.float64)
        for place, name in enumerate(batch["id"]):
            said = {key: array[place] for key, array in arrays.items()}
            if not all(np.isfinite(value).all() for value in said.values()):
                raise SeethroughError(f"{name}: the networks' prediction is not finite; was their training stable?")
            self.files.write(name, said)
        self._bar.update(len(batch["id"]))
        return len(batch["id"])

    def on_predict_end(self) -> None:
        """End the bar."""
        self._bar.close()


def sample_ids(dataset: Any) -> Iterator[str]:
    """Yield the ids of all samples of a data set, without reading one."""
    return (dataset.sample_id(place) for place in range(len(dataset)))


def prediction_trainer(accelerator: str, devices: int, nodes: int) -> pl.Trainer:
    """Return what deals predictions out to processes; on the CPU where there is no device of that kind.

    Raises:
        SeethroughError: there are fewer such devices.
    """
    settings: dict[str, Any] = {
        "logger": False, "enable_checkpointing": False, "enable_model_summary": False, "enable_progress_bar": False,
        "use_distributed_sampler": False, "devices": devices, "num_nodes": nodes,
        "strategy": "ddp" if devices * nodes > 1 else "auto",
    }  # fmt: skip
    quieten_lightning()
    if accelerator in ("gpu", "cuda") and not torch.cuda.is_available():
        if is_first_process():
            print(f"there is no device for trainer.accelerator={accelerator} here: predicting on the CPU")
        accelerator = "cpu"
    try:
        return pl.Trainer(accelerator=accelerator, **settings)
    except MisconfigurationException as error:
        raise SeethroughError(f"--devices {devices}, trainer.accelerator={accelerator}: {error}") from None
