"""Test-time adaptation of a run to the photos of a test set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datamodules.sampler import KeyedBatchSampler, ResumableLoader
from seethrough.errors import SeethroughError

if TYPE_CHECKING:
    from lightning_modules.focus.lightning_model import FocusModule


def load_adapted(
    weights: str | Path,
    photos: Iterable[Mapping[str, Any]],
    steps: int,
    *,
    told: str,
    seed: int = 0,
    accelerator: str = "auto",
    save: str | Path | None = None,
) -> FocusModule:
    """Load a run's networks and let their EM training go on with photos, without labels.

    Args:
        weights: run folder, checkpoint file, or ``default``; it is not written to.
        photos: batches with ``image``, ``landmarks`` and ``id``.
        steps: of the EM alternation, both networks' turns together.
        told: what the photos are, in words.
        seed: of the order of the photos and of dropout.
        accelerator: what to train on, in Lightning's words; the CPU where this machine has none of it.
        save: write the adapted networks to this checkpoint file.

    Raises:
        SeethroughError: a run that cannot go on without labels, no photos, or a file that cannot be written.
    """
    from lightning_modules.checkpoint_reading import read_checkpoint
    from lightning_modules.focus.adaptation import adapt, told_steps, write_adapted
    from lightning_modules.focus.loading import load_focus_module, newest_checkpoint

    file = newest_checkpoint(weights)
    if save is not None and Path(save).exists() and Path(save).samefile(file):
        raise SeethroughError(f"{save} is the checkpoint that is adapted: give the adapted one another name")
    module = load_focus_module(file, perceptual=True, misfit_prior=False)
    print(f"adapting to {told} in {told_steps(module.config, steps)}", flush=True)
    adapted = adapt(module, photos, steps, seed=seed, accelerator=_here(accelerator), progress=True)
    if save is not None:
        write_adapted(adapted, read_checkpoint(file), Path(save), steps, told)
        print(f"the adapted networks: {save}")
    return adapted


def shuffled(loader: ResumableLoader, seed: int) -> ResumableLoader:
    """Return the same test set in full batches and another order in every epoch."""
    count = len(loader.keyed.indices(0))
    size = min(loader.keyed.batch_size, count)
    return ResumableLoader(loader.dataset, KeyedBatchSampler(count, size, seed=seed, shuffle=True, drop_last=True))


def _here(accelerator: str) -> str:
    from pytorch_lightning.accelerators import AcceleratorRegistry

    if accelerator in ("auto", "cpu"):
        return accelerator
    kind = AcceleratorRegistry.get("cuda" if accelerator == "gpu" else accelerator)
    return accelerator if kind.is_available() else "cpu"
