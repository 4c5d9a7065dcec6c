"""Where metrics, pictures, meshes and tables of a run go: always into its folder, on request to one service more."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pytorch_lightning.loggers import Logger, TensorBoardLogger, WandbLogger
from pytorch_lightning.utilities.rank_zero import rank_zero_only
from torch import Tensor

from experiments.config.schema import ExperimentConfig
from experiments.pictures import grid, save_picture
from experiments.run_folder import RunFolder
from seethrough.errors import SeethroughError


class RunLogger(Logger):
    """Append metrics to ``metrics.csv`` of a run folder.

    Lightning's CSVLogger deletes the rows of earlier sessions; this one keeps them when a run goes on, except those
    past the step at which it goes on, which will come again.
    """

    def __init__(self, run: RunFolder) -> None:
        super().__init__()
        self.run = run
        self._columns: list[str] | None = None

    @property
    def name(self) -> str:
        """The name of the run."""
        return self.run.name

    @property
    def version(self) -> str:
        """Empty: a run folder has no versions."""
        return ""

    @property
    def save_dir(self) -> str:
        """The run folder."""
        return str(self.run.path)

    @rank_zero_only
    def log_hyperparams(self, *args: Any, **kwargs: Any) -> None:
        """Do nothing: ``config.yaml`` has them."""

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Append one row; a new metric adds a column."""
        row = {"step": step, **{key: float(value) for key, value in metrics.items()}}
        row["step"] = int(metrics.get("step", step or 0))
        if self._columns is None:
            self._columns = self._take_up(row["step"])
        new = [key for key in row if key not in self._columns]
        if new:
            self._columns += new
            self._write(self._rows())
        with self.run.metrics.open("a", newline="", encoding="utf-8") as file:
            csv.DictWriter(file, self._columns).writerow(row)

    def _take_up(self, step: int) -> list[str]:
        """Return the columns that are there, after dropping rows from ``step`` on."""
        if not self.run.metrics.is_file():
            return []
        rows = self._rows()
        self._columns = list(rows[0]) if rows else []
        self._write([row for row in rows if int(float(row["step"] or 0)) < step])
        return self._columns

    def _rows(self) -> list[dict[str, str]]:
        if not self.run.metrics.is_file():
            return []
        with self.run.metrics.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def _write(self, rows: Iterable[Mapping[str, Any]]) -> None:
        temporary = self.run.metrics.with_suffix(".partial")
        with temporary.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, self._columns or ["step"])
            writer.writeheader()
            writer.writerows(rows)
        os.replace(temporary, self.run.metrics)


def build_loggers(config: ExperimentConfig, plain: Mapping[str, Any], run: RunFolder) -> list[Logger]:
    """Return the run folder's logger and, where ``config.logger`` asks for one, a second.

    Args:
        config: the experiment.
        plain: the same as plain types, for services that show settings.
        run: its folder.

    Raises:
        SeethroughError: the package of the second logger is not installed.
    """
    loggers: list[Logger] = [RunLogger(run)]
    if config.logger == "tensorboard":
        _require("tensorboard", config.logger)
        loggers.append(TensorBoardLogger(run.path, name="", version="tensorboard"))
    if config.logger == "wandb":
        _require("wandb", config.logger)
        settings = config.wandb
        loggers.append(
            WandbLogger(
                project=settings.project,
                entity=settings.entity,
                group=settings.group,
                tags=settings.tags or None,
                name=run.name,
                save_dir=run.path,
                # Lightning's offline=True only sets an environment variable, which W&B has read already.
                mode="offline" if _wandb_offline() else None,
                config=dict(plain),
            )
        )
    return loggers


def log_images(loggers: Iterable[Logger], name: str, images: Tensor, step: int) -> None:
    """Log pictures (B, 3 or 1, H, W) in [0, 1] as one grid; in the run folder as ``images/<name>_<step>.png``."""
    for logger in loggers:
        if isinstance(logger, RunLogger):
            save_picture(images, logger.run.images / f"{_file_name(name)}_{step:08d}.png")
        elif isinstance(logger, WandbLogger):
            logger.log_image(name, [grid(images)], step=None, caption=[f"step {step}"])
        elif isinstance(logger, TensorBoardLogger):
            logger.experiment.add_image(name, grid(images), step, dataformats="HWC")


def log_mesh(loggers: Iterable[Logger], name: str, file: str | Path, step: int) -> None:
    """Log a mesh file (GLB, OBJ) that lies in the run folder already; TensorBoard shows none."""
    for logger in loggers:
        if isinstance(logger, WandbLogger):
            import wandb

            logger.experiment.log({name: wandb.Object3D(str(file), caption=f"step {step}")})


def log_table(
    loggers: Iterable[Logger], name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], step: int
) -> None:
    """Log a table; in the run folder as ``report/<name>.csv``."""
    for logger in loggers:
        if isinstance(logger, RunLogger):
            target = logger.run.report / f"{_file_name(name)}.csv"
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("w", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows([columns, *rows])
        elif isinstance(logger, WandbLogger):
            logger.log_table(name, columns=list(columns), data=[list(row) for row in rows])
        elif isinstance(logger, TensorBoardLogger):
            lines = [" | ".join(map(str, row)) for row in (columns, ["---"] * len(columns), *rows)]
            logger.experiment.add_text(name, "\n".join(f"| {line} |" for line in lines), step)


def _file_name(name: str) -> str:
    return name.replace("/", "_").replace(" ", "_")


def _require(package: str, extra: str) -> None:
    from importlib.util import find_spec

    if find_spec(package) is None:
        raise SeethroughError(f"logger={extra} needs the package {package}: pip install 'seethrough[{extra}]'")


def _wandb_offline() -> bool:
    """Return whether to log into the run folder only, for want of a key; says so in one line."""
    import wandb

    if os.environ.get("WANDB_MODE"):
        return os.environ["WANDB_MODE"] in ("offline", "dryrun")
    if wandb.login(prompt=False, verify=False):
        return False
    rank_zero_only(print)(
        "W&B has no API key: logging offline; `wandb sync` in the run's wandb folder uploads it later"
    )
    return True
