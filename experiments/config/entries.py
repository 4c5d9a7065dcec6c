"""What the registry says of a method and of a data set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Method:
    """A training method: the dataclass of its settings and the LightningModule that takes it as its only argument."""

    config: str
    """Import path of the dataclass."""
    module: str
    """Import path of the LightningModule; built as ``module(config)``."""
    manual_optimisation: bool = False
    """The module steps its optimisers itself and leaves parameters unused in some steps."""
    ends_itself: bool = False
    """The module stops the trainer when its schedule is done, so no limit on epochs is needed."""
    evaluation: str | None = None
    """Import path of the :class:`~experiments.evaluation.method_evaluation.MethodEvaluation` of its runs."""
    progress: str | None = None
    """Import path of a callback, built without arguments, that replaces Lightning's progress bar."""
    warm_up: str | None = None
    """Import path of a function, called without arguments before a training on the CPU, that compiles what would stall
    the first step."""
    without_download: str | None = None
    """Import path of a function that returns settings whose networks are built without a download, and a line on what
    is left out for that, empty where nothing is; for ``--check``."""
    refused: Mapping[str, str] = field(default_factory=dict)
    """Trainer settings that cannot work with this method, and what to do instead."""
    incidental: tuple[str, ...] = ()
    """Settings that do not change what is learned, so that a resumed run may change them."""


@dataclass(frozen=True)
class DataSet:
    """A source of samples: the dataclass of its settings and the LightningDataModule that takes it."""

    config: str
    """Import path of the dataclass."""
    module: str
    """Import path of the LightningDataModule; built as ``module(config)``."""
    incidental: tuple[str, ...] = ()
    """Settings that do not change the samples, so that a resumed run may change them."""
    methods: tuple[str, ...] = ()
    """The methods that its samples have all for; empty for any method."""

    def fits(self, method: str) -> bool:
        """Return whether a method can learn from its samples, and be scored on them."""
        return not self.methods or method in self.methods
