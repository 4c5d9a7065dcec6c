"""Test-time adaptation: the EM alternation goes on with the test photos, without a label (FOCUS Sec. 4)."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytorch_lightning as pl

from lightning_modules.focus.config import FocusConfig, ScheduleConfig
from lightning_modules.focus.continuation import bare_schedule, continued, final_rate
from lightning_modules.focus.lightning_model import FocusModule
from lightning_modules.focus.phases import Network
from lightning_modules.focus.progress import StageProgress
from lightning_modules.packing import write_checkpoint
from seethrough.errors import SeethroughError

OBSERVED = ("image", "landmarks", "id")
"""All that a photo tells by itself; landmarks are the detector's."""
ANCHOR = 0.2
"""Least weight of the landmarks where the truth, which photos lack, has held the shape in training: by the weight that
such a run gave them beside the truth, the regulariser alone would move it, to the mean face."""
KEPT = ("hyper_parameters", "em_step", "config", "commit", "provenance", "face_model_signature")


class ObservedBatches:
    """So many batches of a loader, epoch after epoch, without anything that is known of them beyond the photo.

    Args:
        loader: batches of test photos; its ``set_epoch``, if it has one, is told the epoch.
        count: how many batches.
    """

    def __init__(self, loader: Iterable[Mapping[str, Any]], count: int) -> None:
        self.loader, self.count = loader, count

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[dict[str, Any]]:
        given, epoch = 0, 0
        while given < self.count:
            before = given
            if hasattr(self.loader, "set_epoch"):
                self.loader.set_epoch(epoch)  # pyright: ignore
            for batch in self.loader:
                yield {key: batch[key] for key in OBSERVED}
                given += 1
                if given == self.count:
                    return
            if given == before:
                raise SeethroughError("there is no photo to adapt to")
            epoch += 1


def adaptation_config(config: FocusConfig, steps: int) -> FocusConfig:
    """Return the settings of so many more training steps of the EM stage.

    A step trains a network that may change: of both, cycles keep the run's shares and become so short that at least one
    fits, and where the run trained the segmentation network once more at its end, so does this; where the segmentation
    network stays as it is, all steps are the encoder's. Photos have no truth: where the encoder was trained under true
    masks it now sees those of the segmentation network, which stays as it is if true masks taught it, and where true
    coefficients taught the encoder to the end, the landmarks hold it instead (:data:`ANCHOR`).

    Raises:
        SeethroughError: no steps, or a run that was trained under true masks and has no segmentation network.
    """
    if steps < 1:
        raise SeethroughError(f"adapting in {steps} steps: give at least 1")
    if config.mask == "truth":
        if not any(part.phase.network is Network.SEGMENTATION for part in config.training_schedule().segments):
            raise SeethroughError(
                "the run has model.mask=truth and no segmentation network: the photos to adapt to have no true masks; "
                "train it with model.segmentation_labels=truth, or name another run"
            )
        config = replace(config, mask="segmentation")
    result = continued(config, _schedule(config, steps))
    if config.supervision.throughout:
        result.loss.weights.landmark = max(result.loss.weights.landmark, ANCHOR)
    return replace(
        result,
        segmentation_in_em=_segmentation_learns(config),
        encoder_optimiser=final_rate(config, Network.RECONSTRUCTION),
        segmentation_optimiser=final_rate(config, Network.SEGMENTATION),
    )


def told_steps(config: FocusConfig, steps: int) -> str:
    """Return in words how many of so many steps train which network.

    Raises:
        SeethroughError: as :func:`adaptation_config`.
    """
    schedule = adaptation_config(config, steps).training_schedule()
    encoder, segmentation = (schedule.network_steps(0, network)[1] for network in Network)
    text = f"{steps} EM step{'s' * (steps > 1)}"
    if segmentation:
        return f"{text}: {encoder} of the encoder, {segmentation} of the segmentation network"
    if config.segmentation_labels == "truth":
        return f"{text} of the encoder; the segmentation network, which true masks taught, stays as it is"
    return f"{text} of the encoder, the only network that this run's EM trains"


def _segmentation_learns(config: FocusConfig) -> bool:
    """Return whether EM without labels trains the segmentation network; one that true masks taught would forget."""
    return config.has_segmentation and config.segmentation_in_em and config.segmentation_labels != "truth"


def _schedule(config: FocusConfig, steps: int) -> ScheduleConfig:
    earlier = config.schedule
    if not _segmentation_learns(config):
        return bare_schedule(em_steps=steps, cycle_reconstruction_steps=steps)
    cycle = earlier.cycle_segmentation_steps + earlier.cycle_reconstruction_steps
    shrink = min(1.0, steps / max(cycle, 1))
    segmentation = round(shrink * earlier.cycle_segmentation_steps)
    if earlier.cycle_segmentation_steps:
        segmentation = max(1, segmentation)
    final = min(segmentation, steps - 1) if earlier.final_segmentation_steps else 0
    return bare_schedule(
        em_steps=steps - final,
        cycle_segmentation_steps=segmentation,
        cycle_reconstruction_steps=max(1, round(shrink * earlier.cycle_reconstruction_steps)),
        final_segmentation_steps=final,
    )


def adapt(
    module: FocusModule,
    photos: Iterable[Mapping[str, Any]],
    steps: int,
    *,
    seed: int = 0,
    accelerator: str = "auto",
    progress: bool = False,
) -> FocusModule:
    """Return the networks of a run after more EM steps on photos; the run's own module stays as it is.

    The same run, photos, steps and seed give the same networks. A misfit prior is left behind: it was measured for
    other weights.

    Args:
        module: the run, loaded with its recognition network.
        photos: batches with ``image``, ``landmarks`` and ``id``; anything else in them is not looked at.
        steps: of training, of both networks' turns together.
        seed: of the networks' dropout.
        accelerator: what to train on, in Lightning's words.
        progress: show a bar.

    Raises:
        SeethroughError: no steps, no photos, or a run that cannot go on without labels.
    """
    student = FocusModule(adaptation_config(module.config, steps))
    student.load_state_dict(module.state_dict())
    pl.seed_everything(seed, workers=True, verbose=False)
    trainer = pl.Trainer(
        accelerator=accelerator, devices=1, logger=False, enable_checkpointing=False, enable_model_summary=False,
        enable_progress_bar=False, use_distributed_sampler=False, max_epochs=-1, limit_val_batches=0,
        callbacks=[StageProgress()] if progress else [],
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*no `val_dataloader`.*")
        try:
            trainer.fit(student, ObservedBatches(photos, student.schedule.end_step))
        except SystemExit:
            # Lightning's way to leave after Ctrl-C.
            raise KeyboardInterrupt from None
    adapted = FocusModule(module.config)
    adapted.load_state_dict(student.state_dict())
    adapted.em_step = module.em_step
    return adapted.eval()


def write_adapted(adapted: FocusModule, source: Mapping[str, Any], file: Path, steps: int, photos: str) -> None:
    """Write adapted networks as a checkpoint file that is named like any other.

    Args:
        adapted: what :func:`adapt` returned.
        source: content of the checkpoint that was adapted.
        file: where to.
        steps: of the adaptation.
        photos: what it was adapted to, in words.

    Raises:
        SeethroughError: the file cannot be written.
    """
    content = {key: source[key] for key in KEPT if key in source}
    told = {"steps": steps, "photos": photos}
    write_checkpoint(content | {"state_dict": adapted.state_dict(), "adapted": told}, file)
