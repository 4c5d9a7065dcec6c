"""A preparation shared by Lightning between processes and nodes, as ``trainer.predict`` shares batches."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback
from torch.utils.data import DataLoader, Dataset

from datamodules.photos.preparing import PreparationReport, PreparationRun
from datamodules.photos.preparing.carrying_out import progress_bar
from datamodules.photos.preparing.chunks import Chunk
from datamodules.photos.preparing.processes import Task
from datamodules.photos.preparing.under_work import UnderWork, left_under_work
from experiments.lightning_messages import quieten_lightning
from experiments.processes import is_first_process, started_by_a_launcher
from seethrough.errors import SeethroughError


class PreparationModule(pl.LightningModule):
    """Prepares the chunks that it is given; it has no parameters and predicts nothing.

    Args:
        run: the preparation.
    """

    def __init__(self, run: PreparationRun) -> None:
        super().__init__()
        # A process may have nothing to do: few photos, or its share was done before the others were killed.
        self.allow_zero_length_dataloader_with_multiple_devices = True
        self.preparation = run
        self._worker: Any = None

    def setup(self, stage: str) -> None:
        """Start the detector on the device of this process."""
        device = self.trainer.local_rank if self.trainer.strategy.root_device.type == "cuda" else None
        # Only the first process knows whether everything was done before, and the others must not wait for work of it.
        self.preparation.done = self.trainer.strategy.broadcast(self.preparation.done)
        if self.preparation.done is None:
            self._worker = self.preparation.make_worker(self.preparation.out, self.preparation.settings, device)
            self._worker.mark = UnderWork(self.preparation.out, self.trainer.global_rank)

    def predict_step(self, batch: Task, batch_idx: int) -> int:
        """Prepare one chunk; returns its number of photos."""
        self._worker.chunk(batch)
        return len(batch.records)

    def predict_dataloader(self) -> DataLoader:
        """Return the share of this process: the same chunks on every start, whatever of them is done already."""
        chunks = self.preparation.pending(self.trainer.global_rank, self.trainer.world_size)
        return DataLoader(_Tasks(self.preparation, chunks), batch_size=None, num_workers=0)

    def transfer_batch_to_device(self, batch: Task, device: torch.device, dataloader_idx: int) -> Task:
        """Records hold no tensors."""
        return batch


class _Tasks(Dataset):
    def __init__(self, run: PreparationRun, chunks: list[Chunk]) -> None:
        self.run, self.chunks = run, chunks

    def __len__(self) -> int:
        return len(self.chunks)

    def __getitem__(self, index: int) -> Task:
        return self.run.task(self.chunks[index])


class _Progress(Callback):
    """The bar of the first process, over its own share."""

    def __init__(self, run: PreparationRun) -> None:
        self.run, self.stack = run, ExitStack()

    def on_predict_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        rank, world = trainer.global_rank, trainer.world_size
        share = sum(map(len, self.run.chunks[rank::world]))
        bar = progress_bar(self.run, self.run.pending(rank, world), rank == 0, share)
        bar.set_description(f"preparing {self.run.data_set}, process 1 of {world}")
        self.bar = self.stack.enter_context(bar)

    def on_predict_batch_end(
        self, trainer: pl.Trainer, module: pl.LightningModule, outputs: Any, batch: Task, batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:  # fmt: skip
        self.bar.update(outputs)

    def on_predict_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        self.stack.close()


def prepare_distributed(
    run: PreparationRun, *, devices: int, nodes: int, accelerator: str = "cpu", overwrite: bool = False
) -> PreparationReport | None:
    """Prepare a folder in ``devices`` processes on each of ``nodes`` machines that share a file system.

    Lightning starts the processes of a machine; on several machines the same command is started on each, by srun or
    torchrun. The first process opens and merges. The folder is the same as that of :func:`carry_out`, and the two can
    go on with each other's work.

    Args:
        run: the preparation; every process builds the same one.
        devices: processes a machine.
        nodes: machines.
        accelerator: ``cpu``, or ``gpu`` for a detector that runs there.
        overwrite: first remove what an earlier preparation left in the folder.

    Returns:
        The counts in the first process, None in the others.

    Raises:
        SeethroughError: as :func:`carry_out`; Lightning refuses the devices.
    """
    from lightning_fabric.utilities.exceptions import MisconfigurationException
    from pytorch_lightning.strategies import DDPStrategy

    quieten_lightning()
    with ExitStack() as stack:
        if is_first_process():
            stack.enter_context(run.alone())
            for name in left_under_work(run.out):
                run.say(
                    f"an earlier run ended while it worked on {name}: if this one ends there too, the photo kills its "
                    "process; prepare with --jobs N instead, which leaves such photos out"
                )
            done = run.open(overwrite)
            if done is not None and nodes == 1 and not started_by_a_launcher():
                return done  # the other processes have not been started
        try:
            trainer = pl.Trainer(
                accelerator=accelerator, devices=devices, num_nodes=nodes,
                strategy=DDPStrategy(process_group_backend="nccl" if accelerator == "gpu" else "gloo"),
                callbacks=[_Progress(run)], logger=False, enable_checkpointing=False, enable_progress_bar=False,
                enable_model_summary=False, use_distributed_sampler=False,
            )  # fmt: skip
        except MisconfigurationException as error:
            raise SeethroughError(f"--devices {devices} --accelerator {accelerator}: {error}") from None
        trainer.predict(PreparationModule(run), return_predictions=False)
        trainer.strategy.barrier("prepared")
        if not trainer.is_global_zero:
            return None
        if run.done is None and run.discard_unsound():
            raise SeethroughError(f"{run.out}: files vanished while they were written; run the same command again")
        return run.finish()
