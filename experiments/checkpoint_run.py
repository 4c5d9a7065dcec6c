"""A checkpoint file that is evaluated like a run, though no run folder is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datamodules.photos.atomic_files import writing_text
from experiments.config.choosing import selected
from experiments.config.composition import Composition, as_yaml, compose
from experiments.config.registry import METHODS, data_sets_of
from experiments.default_checkpoints import DEFAULTS, named_checkpoint
from experiments.evaluation.method_evaluation import evaluation_class
from experiments.run_folder import RunFolder
from seethrough.errors import SeethroughError

REPORTS = Path("reports")


@dataclass(frozen=True)
class CheckpointRun(RunFolder):
    """A checkpoint with the settings that stand in it; what is written about it goes to ``reports/<name>/``.

    Attributes:
        file: the checkpoint.
        shown: how the user named it.
    """

    file: Path
    shown: str

    @classmethod
    def of(cls, path: str | Path) -> CheckpointRun:
        """Return the run of a checkpoint file, or of one that comes along by its name; writes nothing.

        Raises:
            SeethroughError: there is no such file.
        """
        file = named_checkpoint(path)
        name = str(path) if str(path) in DEFAULTS else file.stem
        if file.parent.name == "checkpoints":
            name = f"{file.resolve().parent.parent.name}-{name}"
        return cls(REPORTS / name, file, str(path))

    @property
    def report(self) -> Path:
        """The folder itself: there is nothing else to keep apart."""
        return self.path

    @property
    def weights(self) -> Path:
        """The checkpoint."""
        return self.file

    @property
    def title(self) -> str:
        """How the user named it."""
        return self.shown

    def newest_checkpoint(self) -> Path | None:
        """Return the checkpoint."""
        return self.file

    def composition(self, names: Sequence[str] = (), overrides: Sequence[str] = ()) -> Composition:
        """Return the experiment of the checkpoint's networks on the data that are named.

        Where no data are named, those that the checkpoint was trained on count, if it tells them. The settings are
        written to ``reports/<name>/config.yaml``, so that a mistake can be shown where it stands.
        """
        settings, stored = self._settings()
        if selected(names, overrides)[1] is None:
            settings |= {key: stored[key] for key in ("dataset", "data") if key in stored}
        return compose([self._written(settings), *names], overrides)

    def networks(self) -> dict[str, Any]:
        """Return the settings that made the networks: ``method`` and ``model``."""
        settings, _ = self._settings()
        # Any data set that fits will do: an experiment needs one, and the networks know nothing of it.
        data_set = data_sets_of(settings["method"])[0]
        plain = compose([self._written(settings)], [f"dataset={data_set}"]).plain
        return {key: plain[key] for key in ("method", "model")}

    def _settings(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return what describes the networks, and the whole experiment where the checkpoint tells it."""
        from lightning_modules.checkpoint_reading import read_checkpoint

        content = read_checkpoint(self.file)
        hyper, stored = content.get("hyper_parameters") or {}, content.get("config") or {}
        method = hyper.get("method")
        evaluation_class(method if method in METHODS else "focus").check_checkpoint(content, self.file)
        settings = {"method": hyper["method"], "model": hyper["config"]}
        return settings | {key: stored[key] for key in ("seed",) if key in stored}, stored

    def _written(self, settings: dict[str, Any]) -> str:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            with writing_text(self.config) as file:  # processes side by side all write and read it
                file.write(f"# The settings in {self.shown}.\n" + as_yaml(settings))
        except OSError as error:
            raise SeethroughError(f"cannot write {self.config}: {error.strerror}") from None
        return str(self.config.resolve())
