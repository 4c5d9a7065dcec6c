"""What an evaluation asks of a method; the registry's entry of a method names its own."""

from __future__ import annotations

import argparse
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.config.composition import Composition
from experiments.config.registry import METHODS, load_class
from seethrough.errors import SeethroughError

if TYPE_CHECKING:
    import numpy as np
    import pytorch_lightning as pl
    from rich.table import Table
    from torch import Tensor

    from datamodules.sampler import ResumableLoader
    from experiments.run_folder import RunFolder

Summary = Mapping[str, Mapping[str, float]]


class MethodEvaluation(ABC):
    """How runs of one method are loaded, scored and shown.

    The module that :meth:`load` returns collects rows in its ``evaluation``, which has ``rows()``.
    """

    variant: str = ""
    """Added to the names of reports of networks that are not the run's own any more."""

    @classmethod  # noqa: B027 - most methods have none
    def add_options(cls, parser: argparse._ArgumentGroup) -> None:
        """Add the options of the command line that only this method has."""

    @classmethod
    def chosen(cls, options: argparse.Namespace) -> MethodEvaluation:
        """Return the evaluation that the parsed options ask for; raises ``SeethroughError`` for what does not fit."""
        return cls()

    @classmethod
    @abstractmethod
    def check_checkpoint(cls, content: dict[str, Any], file: Path) -> None:
        """Raise ``SeethroughError`` where the content of a checkpoint file is none of this method."""

    @abstractmethod
    def networks(self, folder: RunFolder) -> pl.LightningModule:
        """Return the networks of a run as they were trained, on the CPU and in eval mode."""

    def load(
        self, folder: RunFolder, composition: Composition, loader: ResumableLoader, pictures: str
    ) -> pl.LightningModule:
        """Return the networks of a run, ready to be tested on ``loader``; ``pictures`` says what it shows."""
        return self.networks(folder)

    @abstractmethod
    def prediction(self, module: Any, batch: dict[str, Any]) -> dict[str, Tensor]:
        """Return what the networks say of a batch, every tensor (B, ...), for :mod:`experiments.predict` to keep."""

    def note(self, module: Any) -> str:
        """Return one line on what a reader of these networks' scores must know; empty for a finished training."""
        return ""

    @abstractmethod
    def summarise(self, rows: Mapping[str, np.ndarray]) -> dict[str, dict[str, float]]:
        """Return ``{subset: {key: value}}`` of rows."""

    @abstractmethod
    def tables(self, summary: Summary, run: str, pictures: str) -> list[Table]:
        """Return what is printed of a summary of the pictures of a run."""

    @abstractmethod
    def sheet(self, module: Any, batch: dict[str, Any]) -> tuple[Tensor, int]:
        """Return pictures (B, 3, H, W) in [0, 1] of a batch, and how many stand side by side."""


def evaluation_class(method: str) -> type[MethodEvaluation]:
    """Return the evaluation of a method; raises ``SeethroughError`` where it has none."""
    path = METHODS[method].evaluation
    if path is None:
        able = ", ".join(name for name, entry in METHODS.items() if entry.evaluation)
        raise SeethroughError(f"runs of the method '{method}' cannot be evaluated; methods that can: {able}")
    return load_class(path)


class MethodOptions:
    """The options of all methods in one parser: which method a run has is known only after parsing."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self._actions: dict[str, list[argparse.Action]] = {}
        for method, entry in METHODS.items():
            if entry.evaluation is not None:
                group = parser.add_argument_group(f"runs of {method}")
                evaluation_class(method).add_options(group)
                self._actions[method] = group._group_actions

    def evaluation(self, method: str, options: argparse.Namespace) -> MethodEvaluation:
        """Return the evaluation of a method as the options ask for it.

        Raises:
            SeethroughError: an option of another method was given, or the method's own do not fit each other.
        """
        chosen = evaluation_class(method)
        for other, actions in self._actions.items():
            for action in actions if other != method else []:
                if getattr(options, action.dest) != action.default:
                    raise SeethroughError(f"{action.option_strings[0]} is for runs of {other}, this is one of {method}")
        return chosen.chosen(options)
