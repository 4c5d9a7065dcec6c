"""Training of the recogniser of bump maps."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from lightning_modules.counted_training import CountedTraining
from lightning_modules.recognition.building import build_recogniser
from lightning_modules.recognition.config import RecognitionConfig
from lightning_modules.recognition.evaluation import RecognitionEvaluation, refuse_without, verification_scores
from lightning_modules.step_key import Draw, run_seed, step_key
from seethrough.errors import SeethroughError

METHOD = "recognition"


class RecognitionModule(CountedTraining):
    """Train :class:`~seethrough.networks.bump_recogniser.BumpRecogniser` to name the people of a training set.

    A batch has ``bump`` in mm, ``mask``, ``identity`` and ``id``; the data module tells the numbers of the people in
    its training set (``people("train")``). Afterwards the last layer is thrown away: the one before it describes people
    that the network has never seen. Validation verifies pairs of such people.

    Attributes:
        recogniser: the network.
        classifier: the last layer; None before the people are known.
        people: (K,) numbers of the people that its outputs stand for.
    """

    people: Tensor

    def __init__(self, config: RecognitionConfig) -> None:
        super().__init__(config.optimiser, config.schedule)
        self.config = config
        self.save_hyperparameters({"method": METHOD, "config": asdict(config)})
        self.recogniser = build_recogniser(config.network)
        self.classifier: nn.Linear | None = None
        self.register_buffer("people", torch.zeros(0, dtype=torch.int64))
        self.evaluation = RecognitionEvaluation(self.recogniser)

    def setup(self, stage: str) -> None:
        """Learn how many people there are; raises ``SeethroughError`` for data that do not say, or have only one."""
        if stage != "fit" or self.classifier is not None:
            return
        told = getattr(getattr(self.trainer, "datamodule", None), "people", None)
        if told is None:
            raise SeethroughError(
                "these data do not say who is who: train on data/people, or on data/bump made of photos with names"
            )
        self.name_people(told("train"))

    def name_people(self, numbers: np.ndarray | Tensor) -> None:
        """Begin a last layer for (K,) people; raises ``SeethroughError`` for fewer than two."""
        people = torch.unique(torch.as_tensor(numbers, dtype=torch.int64))
        if len(people) < 2:
            raise SeethroughError(
                f"the training set shows {len(people)} person: telling people apart takes two or more"
            )
        self.people = people.to(self.device)
        self.classifier = nn.Linear(self.recogniser.network.descriptor_size, len(people)).to(self.device)

    def training_step(self, batch: dict[str, Any], batch_idx: int) -> Tensor | None:
        """Return the loss of a batch; nothing happens past the end."""
        if self.global_step >= self.total_steps:
            self.trainer.should_stop = True
            return None
        refuse_without(batch)
        label = self.labels(batch["identity"])
        view = self.recogniser.view(batch["bump"], batch["mask"])
        key = step_key(run_seed(), self.global_step, self.global_rank, Draw.AUGMENTATION, self.part_of_step())
        picture, measured = self.cut_out(view, key), {}

        def terms() -> dict[str, Tensor]:
            logits = self.logits(picture)
            measured["train/accuracy"] = (logits.argmax(1) == label).float().mean()
            smoothing = self.config.label_smoothing
            return {"cross_entropy": functional.cross_entropy(logits.float(), label, label_smoothing=smoothing)}

        return self.loss_of(terms, batch["id"], measured)

    def labels(self, identity: Tensor) -> Tensor:
        """Return which outputs (B,) people are; raises ``SeethroughError`` for one that is not in the training set."""
        place = torch.searchsorted(self.people, identity).clamp(max=len(self.people) - 1)
        unknown = self.people[place] != identity
        if bool(unknown.any()):
            raise SeethroughError(
                f"person {int(identity[unknown][0])} is none of the {len(self.people)} that are learned"
            )
        return place

    def logits(self, picture: Tensor) -> Tensor:
        """Return (B, K) scores of all people."""
        assert self.classifier is not None
        return self.classifier(self.recogniser.network(picture))

    def cut_out(self, view: Tensor, key: int) -> Tensor:
        """Cut a picture for the network out of each (B, 1, V, V) view, and mirror some, as the settings ask."""
        generator, size = torch.Generator().manual_seed(key), self.recogniser.network.image_size
        places = torch.randint(view.shape[-1] - size + 1, (len(view), 2), generator=generator).tolist()
        cut = torch.stack([one[:, y : y + size, x : x + size] for one, (y, x) in zip(view, places, strict=True)])
        if not self.config.augmentation.flip:
            return cut
        mirrored = (torch.rand(len(view), generator=generator) < 0.5).to(view.device)[:, None, None, None]
        return torch.where(mirrored, cut.flip(3), cut)

    def validation_step(self, batch: dict[str, Any], batch_idx: int) -> None:
        """Describe a batch of people that training does not see."""
        self.evaluation.update(batch)

    def on_validation_epoch_end(self) -> None:
        """Log how well pairs of all processes' faces are told apart; each process has to call this."""
        scores = verification_scores(self.evaluation.rows())
        self.evaluation.reset()
        if scores is not None and not self.trainer.sanity_checking:
            values = {"accuracy": scores.accuracy, "nauc": scores.nauc, "eer_complement": scores.eer_complement}
            told = {f"validation/{name}": value for name, value in values.items()}
            self.log_dict({**told, "step": float(self.global_step)})

    def test_step(self, batch: dict[str, Any], batch_idx: int) -> None:
        """Collect the rows of the evaluation table."""
        self.evaluation.update(batch)

    def forward(self, bump: Tensor, mask: Tensor) -> Tensor:
        """Return (B, D) descriptors of (B, 1, S, S) bumps in mm."""
        return self.recogniser(bump, mask)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Do not keep a state that a bad loss may have spoilt."""
        self.losses.check_saved(self, self.global_step)
