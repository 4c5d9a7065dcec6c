"""Building a misfit prior: train R_syn on in-domain faces, then average what it gets wrong (FOCUS Sec. 3.4)."""

from __future__ import annotations

import json
import shutil
import warnings
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import pytorch_lightning as pl
import torch
from torch import Tensor

from lightning_modules.checkpointing import StepCheckpoint, checkpoints_in
from lightning_modules.focus.config import FocusConfig
from lightning_modules.focus.continuation import bare_schedule, continued
from lightning_modules.focus.lightning_model import FocusModule
from lightning_modules.focus.misfit_faces import FaceSpread, FaceStream, MisfitFaces, measured_batches
from lightning_modules.focus.misfit_prior import MisfitPrior, encoder_fingerprint, measure
from lightning_modules.focus.model_signature import model_signature
from lightning_modules.focus.progress import StageProgress
from seethrough.errors import SeethroughError
from seethrough.weights_file import load_weights

SAVE_EVERY = 200


@dataclass
class MisfitSettings:
    """How a prior is built."""

    faces: int = 2000
    """Faces that the error is averaged over; none of them is trained on."""
    steps: int = 1000
    """Steps of R_syn on such faces, all of them different; 0 measures the run's own encoder."""
    batch_size: int = 32
    """Faces a step."""
    seed: int = 0
    """Of the faces."""
    from_scratch: bool = False
    """Begin with an untrained encoder; otherwise with the run's."""
    spread: FaceSpread = field(default_factory=FaceSpread)
    """Of the coefficients."""

    def check(self) -> None:
        """Raise :class:`SeethroughError` for numbers that make no prior."""
        for name, least in (("faces", 1), ("steps", 0), ("batch_size", 2), ("seed", 0)):
            if getattr(self, name) < least:
                raise SeethroughError(f"{name}={getattr(self, name)} of a misfit prior must be at least {least}")
        if self.from_scratch and not self.steps:
            raise SeethroughError("an untrained encoder only predicts the mean face: give it steps")


def in_domain_config(config: FocusConfig, steps: int) -> FocusConfig:
    """Return the settings of R_syn: Eq. 8 as the run ended with it, without any mask, for so many encoder steps.

    E_MP corrects what the run's own pipeline gets wrong, so that R_syn is trained as the run was: where true
    coefficients taught its encoder to the end (``supervision.throughout``), they teach R_syn too.
    """
    result = continued(config, bare_schedule(em_steps=steps, cycle_reconstruction_steps=max(steps, 1)))
    result.supervision.throughout = config.supervision.throughout
    return replace(result, mask="none", segmentation_labels="preliminary")


def build_misfit_prior(
    module: FocusModule,
    checkpoint: Path,
    settings: MisfitSettings,
    folder: Path,
    *,
    accelerator: str = "auto",
    progress: bool = False,
) -> MisfitPrior:
    """Train R_syn, or go on where an interrupted call stopped, and measure its mean error on faces it has not seen.

    Args:
        module: the run, loaded with its recognition network.
        checkpoint: its file.
        settings: how.
        folder: keeps the training state of R_syn.
        accelerator: what to train on, in Lightning's words.
        progress: show a bar.

    Raises:
        SeethroughError: settings that make no prior, or a folder that cannot be written.
    """
    settings.check()
    syn = FocusModule(in_domain_config(module.config, settings.steps))
    if not settings.from_scratch:
        syn.focus.encoder.load_state_dict(module.focus.encoder.state_dict())
    fingerprint = encoder_fingerprint(module.state_dict())
    faces = MisfitFaces(syn.focus.face_renderer, settings.spread, settings.seed)
    trainer = _trainer(folder, accelerator, progress)
    if settings.steps:
        begun = _begun(folder, {**asdict(settings), "fingerprint": fingerprint})
        source = syn.config.face_model.source if syn.config.is_supervised else None
        stream = FaceStream(faces, settings.batch_size, settings.faces, settings.steps, source)
        _train(syn, stream, begun, trainer, settings)
    # A training leaves the module on the CPU.
    syn.to(trainer.strategy.root_device).eval()

    @torch.no_grad()
    def predict(image: Tensor) -> tuple[Tensor, Tensor]:
        parameters = syn.focus.encoder(image)
        return syn.focus.neutral(parameters), parameters.identity

    error, identity_error = measure(predict, measured_batches(faces, settings.faces, settings.batch_size))
    return MisfitPrior(
        error=error.cpu(),
        identity_error=identity_error.cpu(),
        model=module.config.face_model.source,
        signature=model_signature(module.focus.face_renderer.model),
        faces=settings.faces,
        steps=settings.steps,
        seed=settings.seed,
        checkpoint=checkpoint.name,
        fingerprint=fingerprint,
    )


def _train(
    syn: FocusModule, stream: FaceStream, begun: tuple[int, Path] | None, trainer: pl.Trainer, settings: MisfitSettings
) -> None:
    if begun is not None and begun[0] == settings.steps:
        syn.load_state_dict(load_weights(begun[1])["state_dict"])
        return
    pl.seed_everything(settings.seed, workers=True, verbose=False)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*no `val_dataloader`.*")
        try:
            trainer.fit(syn, stream, ckpt_path=None if begun is None else begun[1], weights_only=True)
        except SystemExit:
            # Lightning's way to leave after Ctrl-C.
            raise KeyboardInterrupt from None


def _trainer(folder: Path, accelerator: str, progress: bool) -> pl.Trainer:
    return pl.Trainer(
        accelerator=accelerator,
        devices=1,
        logger=False,
        enable_checkpointing=False,
        enable_model_summary=False,
        enable_progress_bar=False,
        use_distributed_sampler=False,
        max_epochs=-1,
        limit_val_batches=0,
        callbacks=[StepCheckpoint(folder, SAVE_EVERY, keep=1), *([StageProgress()] if progress else [])],
    )


def _begun(folder: Path, settings: dict) -> tuple[int, Path] | None:
    """Return step and training state of an interrupted call with these settings; anything else in the folder goes.

    Raises:
        SeethroughError: the folder cannot be written.
    """
    told = folder / "settings.json"
    text = json.dumps(settings, indent=2, sort_keys=True) + "\n"
    try:
        if told.is_file() and told.read_text(encoding="utf-8") == text:
            found = checkpoints_in(folder)
            return found[-1] if found else None
        if told.is_file():
            shutil.rmtree(folder)
        folder.mkdir(parents=True, exist_ok=True)
        told.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SeethroughError(f"cannot write {folder}: {error.strerror}") from None
    return None
