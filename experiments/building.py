"""From a composed experiment to the objects that Lightning needs."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytorch_lightning as pl
import torch
from lightning_fabric.utilities.exceptions import MisconfigurationException
from pytorch_lightning.loggers import Logger

from experiments.callbacks import ConfigInCheckpoint, CurvesInCheckpoint, LogEveryEpoch, WarmUp
from experiments.config.composition import Composition
from experiments.config.errors import bad_setting
from experiments.config.registry import load_class
from experiments.config.schema import TrainerConfig
from experiments.lightning_messages import quieten_lightning
from experiments.processes import is_first_process, processes_started
from experiments.run_logger import RunLogger
from experiments.run_start import RunStart
from experiments.shown_samples import ShowEnd, ShowSamples
from lightning_modules.checkpointing import StepCheckpoint
from lightning_modules.speed import Speed
from seethrough.errors import SeethroughError


def build_module(composition: Composition, *, download: bool = True) -> pl.LightningModule:
    """Return the method's LightningModule.

    Args:
        composition: whose settings count.
        download: weights that this machine does not have; otherwise they are left out, which is said.

    Raises:
        SeethroughError: settings do not fit each other, or weights cannot be had.
    """
    config, method = composition.config.model, composition.method
    if not download and method.without_download:
        config, said = load_class(method.without_download)(config)
        if said:
            print(said)
    return _build("model", method.module, config)


def build_data(composition: Composition) -> pl.LightningDataModule:
    """Return the LightningDataModule; raises ``SeethroughError`` where its settings do not fit each other."""
    return _build("data", composition.data_set.module, composition.config.data)


def set_name(data: pl.LightningDataModule, split: str) -> str:
    """Return what tells the pictures of a split from all others; empty where the data do not know."""
    name = getattr(data, "set_name", None)
    return name(split) if name is not None else ""


def split_title(composition: Composition, split: str) -> str:
    """Return what the pictures of a split are called: photos that belong to no split are no test set."""
    name, chosen = composition.config.dataset, scored_split(composition, split)
    parts = {"all": f"all faces of {name}", "train": f"training faces of {name}"}
    return parts.get(chosen, f"{name} {chosen} set")


def scored_split(composition: Composition, split: str) -> str:
    """Return which faces an evaluation of a split scores: where data let users choose, ``test`` is what they chose."""
    return getattr(composition.config.data, "test_split", "test") if split == "test" else split


def split_note(data: pl.LightningDataModule, split: str) -> str:
    """Return a sentence on whether a training may have seen the pictures of a split; empty where it has not."""
    note = getattr(data, "split_note", None)
    return note(split) if note is not None else ""


def check_training_data(data: pl.LightningDataModule, config: TrainerConfig) -> None:
    """Refuse data that no training can begin with, as far as that is told without preparing or reading them.

    Raises:
        SeethroughError: they are absent, faulty, or too few for a batch.
    """
    check = getattr(data, "check_training", None)
    if check is not None and is_first_process():
        check(process_count(config), validated=config.limit_val_batches != 0)


def data_summary(data: pl.LightningDataModule) -> str:
    """Return one line on what there is, after checking that it is there; empty for data that are made when needed."""
    summary = getattr(data, "summary", None)
    return summary() if summary is not None else ""


def _build(group: str, path: str, config: Any) -> Any:
    factory = load_class(path)
    try:
        return factory(config)
    except (ValueError, IndexError) as error:
        # What the settings' own checks could not foresee; the traceback stays with the exception.
        raise bad_setting(group, " ".join(str(error).split())) from error


def build_trainer(
    composition: Composition, start: RunStart, loggers: list[Logger], leave: pl.Callback | None = None
) -> pl.Trainer:
    """Return the Trainer: settings of ``trainer``, checkpoints into the run folder, the method's progress bar.

    Raises:
        SeethroughError: Lightning refuses a setting, such as an accelerator that this machine lacks.
    """
    config = composition.config
    _refuse_lone_processes(config.trainer)
    settings = dataclasses.asdict(config.trainer)
    settings["strategy"] = choose_strategy(config.trainer, composition.method.manual_optimisation)
    limited = config.trainer.max_epochs is not None or config.trainer.max_steps >= 0 or config.trainer.max_time
    if composition.method.ends_itself and not limited:
        settings["max_epochs"] = -1
    run = start.run
    callbacks: list[pl.Callback] = [start, ConfigInCheckpoint(composition.lasting), LogEveryEpoch()]
    callbacks += [samples := ShowSamples(), speed := Speed()]
    callbacks += [CurvesInCheckpoint(logger) for logger in loggers if isinstance(logger, RunLogger)]
    if composition.method.warm_up:
        callbacks.append(WarmUp(load_class(composition.method.warm_up)))
    if composition.method.progress and config.trainer.enable_progress_bar:
        callbacks.append(load_class(composition.method.progress)())
        settings["enable_progress_bar"] = False
    if not config.trainer.fast_dev_run:
        saving = config.checkpoint
        callbacks.append(StepCheckpoint(run.checkpoints, saving.every_steps, saving.keep, saving.milestones))
        callbacks.append(ShowEnd(run, config.wandb.keep_checkpoint, samples))
    callbacks += [leave] if leave is not None else []
    quieten_lightning()
    try:
        return pl.Trainer(
            **settings,
            logger=loggers,
            callbacks=callbacks,
            default_root_dir=run.path,
            profiler=speed.stopwatch,
            # Lightning's own checkpoints count optimiser steps, which is not what an EM cycle counts.
            enable_checkpointing=False,
            # The data modules deal samples out to the ranks themselves; only so a resumed epoch goes on exactly.
            use_distributed_sampler=False,
        )
    except (MisconfigurationException, ValueError) as error:
        raise SeethroughError(f"the trainer refuses its settings: {error}") from None


def _refuse_lone_processes(trainer: TrainerConfig) -> None:
    """Raise ``SeethroughError`` where a launcher's processes would each train by themselves, into one folder."""
    started = processes_started()
    if started > 1 and not several_processes(trainer):
        raise SeethroughError(
            f"{started} processes were started, but trainer.devices={trainer.devices} trainer.num_nodes="
            f"{trainer.num_nodes} make one training of each: set trainer.devices to the processes of a machine"
        )


def choose_strategy(trainer: TrainerConfig, unused_parameters: bool) -> str:
    """Return the strategy that ``auto`` stands for.

    With several processes a method that trains its networks in turn leaves parameters without gradient, which plain DDP
    refuses and a static graph cannot follow.
    """
    if trainer.strategy != "auto" or not unused_parameters or not several_processes(trainer):
        return trainer.strategy
    return "ddp_find_unused_parameters_true"


def several_processes(trainer: TrainerConfig) -> bool:
    """Return whether a training runs in more than one process."""
    return process_count(trainer) > 1


def process_count(trainer: TrainerConfig) -> int:
    """Return in how many processes a training runs, as far as this machine tells."""
    devices, here = str(trainer.devices), 1
    if "," in devices:
        here = len([index for index in devices.split(",") if index.strip()])
    elif devices in ("auto", "-1"):
        here = torch.cuda.device_count() if trainer.accelerator in ("auto", "gpu", "cuda") else 1
    elif devices.isdigit():
        here = int(devices)
    return max(here, 1) * max(trainer.num_nodes, 1)
