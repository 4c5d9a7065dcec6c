"""Testing the networks of a run on a split of some data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from experiments.config.composition import Composition
from experiments.evaluation.method_evaluation import MethodEvaluation
from experiments.evaluation.report_names import Split
from seethrough.errors import SeethroughError

if TYPE_CHECKING:
    import numpy as np
    import pytorch_lightning as pl

    from experiments.run_folder import RunFolder


@dataclass(frozen=True)
class Measured:
    """What a run scored on a split.

    Attributes:
        rows: columns, one row an image, those of the method.
        set_name: what tells these pictures from all others.
        module: the networks.
        loader: the pictures.
    """

    rows: dict[str, np.ndarray]
    set_name: str
    module: Any
    loader: Iterable[dict[str, Any]]


def measure(
    folder: RunFolder, composition: Composition, evaluation: MethodEvaluation, split: Split = "test"
) -> Measured:
    """Score the newest checkpoint of a run on a split of the data of ``composition``; says what they are.

    Args:
        folder: the run.
        composition: whose data count.
        evaluation: of the run's method.
        split: which pictures.

    Raises:
        KeyboardInterrupt: after Ctrl-C.
    """
    from experiments.building import build_data, data_summary, set_name, split_note, split_title

    data = build_data(composition)
    for said in (data_summary(data), split_note(data, split)):
        if said:
            print(said)
    # The loader alone: with the whole data module Lightning would have the training pictures rendered first.
    loader = data.test_dataloader() if split == "test" else data.val_dataloader()
    module: Any = evaluation.load(folder, composition, loader, split_title(composition, split))
    if note := evaluation.note(module):
        print(note)
    trainer = evaluation_trainer(composition.config.trainer.accelerator)
    try:
        trainer.test(module, loader, verbose=False)
    except SystemExit:
        raise KeyboardInterrupt from None  # Lightning's way to leave after Ctrl-C
    return Measured(module.evaluation.rows(), set_name(data, split), module, loader)


def refuse_other_networks(folder: RunFolder, composition: Composition) -> None:
    """Refuse settings of the method other than the run's: its networks come from its checkpoint as they are.

    Raises:
        SeethroughError: names the first such setting.
    """
    from experiments.resuming import changed

    own, asked = folder.networks(), {key: composition.plain[key] for key in ("method", "model")}
    for key, before, _ in changed(own, asked, free=()):
        source = composition.sources.get(key, "the defaults")
        raise SeethroughError(
            f"'{key}' in {source} cannot be changed for an evaluation: {folder.title} was trained with {before!r}"
        )


def evaluation_trainer(accelerator: str) -> pl.Trainer:
    """Return what runs the test on one device: the run's kind of device, or the CPU where there is none of it."""
    import pytorch_lightning as pl
    from lightning_fabric.utilities.exceptions import MisconfigurationException

    from experiments.lightning_messages import quieten_lightning

    quieten_lightning()
    settings: dict[str, Any] = {
        "devices": 1, "logger": False, "enable_checkpointing": False, "enable_model_summary": False,
        "use_distributed_sampler": False,
    }  # fmt: skip
    try:
        return pl.Trainer(accelerator=accelerator, **settings)
    except MisconfigurationException:
        print(f"there is no device for trainer.accelerator={accelerator} here: evaluating on the CPU")
        return pl.Trainer(accelerator="cpu", **settings)
