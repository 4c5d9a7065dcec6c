"""What a training on several devices amounts to, told without any of them: processes, batches, remainders."""

from __future__ import annotations

from typing import Any

import pytorch_lightning as pl

from datamodules.sampler import KeyedBatchSampler
from experiments.building import choose_strategy, process_count
from experiments.config.composition import Composition
from seethrough.counting import counted


def scale_lines(composition: Composition, data: pl.LightningDataModule) -> list[str]:
    """Return lines on how the work of a training is shared out, for ``--check``.

    Args:
        composition: the experiment; its devices need not be there.
        data: tells how many samples it has, where it knows that without preparing them.
    """
    trainer, settings = composition.config.trainer, composition.config.data
    world, nodes = process_count(trainer), max(trainer.num_nodes, 1)
    lines = [_processes(composition, world, nodes)]
    batch = getattr(settings, "batch_size", None)
    if batch is None:
        return lines
    text = f"batches of {batch:,}" + (f" in each process, {batch * world:,} together" if world > 1 else "")
    several = max(trainer.accumulate_grad_batches, getattr(composition.config.model, "accumulate_batches", 1))
    if several > 1:
        text += f"; {several} of them a step, {batch * world * several:,} samples"
    lines.append(text)
    about = "about " if getattr(settings, "shards", None) else ""
    training, validation = _count(data, "train"), _count(data, "validation")
    if training is not None:
        lines.append(about + _epoch(training, batch, world, trainer.limit_train_batches))
    if validation and trainer.limit_val_batches != 0:
        lines.append(_validation(validation, batch, world))
    workers = getattr(settings, "workers", 0)
    if world > 1 and workers:
        lines.append(f"loader processes: {workers} of each process, {workers * world // nodes} a machine")
    return lines


def _processes(composition: Composition, world: int, nodes: int) -> str:
    trainer = composition.config.trainer
    if world == 1:
        unknown = str(trainer.devices) in ("auto", "-1") and trainer.accelerator != "cpu"
        hint = " (as this machine has no more; trainer.devices=NUMBER checks another one)" if unknown else ""
        return f"1 process{hint}, {trainer.precision}"
    chosen = choose_strategy(trainer, composition.method.manual_optimisation)
    strategy = "ddp" if chosen == "auto" else chosen
    machines = f"{nodes} machines of {world // nodes}" if nodes > 1 else "1 machine"
    text = f"{world} processes ({machines}), strategy {strategy}, {trainer.precision}"
    if nodes > 1 and composition.config.name is None:
        text += "; started by srun or torchrun it needs a name=NAME"
    return text


def _count(data: Any, split: str) -> int | None:
    count = getattr(data, "sample_count", None)
    return None if count is None else count(split)


def _batches(samples: int, batch: int, world: int, *, drop_last: bool) -> list[tuple[int, int]]:
    """Return of each process how many batches and samples its sampler deals out to it in an epoch."""
    ranks = [
        KeyedBatchSampler(samples, batch, rank=r, world=world, shuffle=False, drop_last=drop_last) for r in range(world)
    ]
    return [(len(rank), sum(len(keys) for keys in rank.batches(0))) for rank in ranks]


def _epoch(samples: int, batch: int, world: int, limit: int | float | None) -> str:
    dealt = _batches(samples, batch, world, drop_last=True)
    left = samples - sum(count for _, count in dealt)
    steps = dealt[0][0]
    text = f"an epoch: {counted(samples, 'training sample')}, {counted(steps, 'batch', 'batches')}"
    text += f" in each process, {dealt[0][1]:,} samples" if world > 1 else ""
    if left:
        text += f"; {left:,} left out, others in every epoch"
    if limit is not None:
        shown = limit if isinstance(limit, int) else int(limit * steps)
        text += f"; trainer.limit_train_batches={limit} ends it after {min(shown, steps):,}"
    return text


def _validation(samples: int, batch: int, world: int) -> str:
    dealt = [count for _, count in _batches(samples, batch, world, drop_last=False)]
    least, most = min(dealt), max(dealt)
    text = f"validation: {counted(samples, 'sample')}"
    if world == 1:
        return text
    if least == most:
        return f"{text}, {most:,} in each process"
    return f"{text}, {least:,} to {most:,} in a process; each counts once"
