"""Where metrics, pictures, meshes and tables of a run go: always into its folder, on request to one service more."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pytorch_lightning.loggers import Logger, TensorBoardLogger, WandbLogger
from pytorch_lightning.utilities.rank_zero import rank_zero_only

from experiments.config.schema import ExperimentConfig
from experiments.run_folder import RunFolder
from experiments.run_logger import RunLogger
from seethrough.errors import SeethroughError


def build_loggers(
    config: ExperimentConfig, plain: Mapping[str, Any], run: RunFolder, begun: int | None = None
) -> list[Logger]:
    """Return the run folder's logger and, where ``config.logger`` asks for one, a second.

    Args:
        config: the experiment.
        plain: the same as plain types, for services that show settings.
        run: its folder.
        begun: steps that a run that goes on has done; what was logged after them will come again.

    Raises:
        SeethroughError: the package of the second logger is not installed.
    """
    loggers: list[Logger] = [RunLogger(run)]
    if config.logger == "tensorboard":
        _require("tensorboard", config.logger)
        options = {} if begun is None else {"purge_step": begun + 1}
        loggers.append(TensorBoardLogger(run.path, name="", version="tensorboard", **options))
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
                id=_wandb_id(run, begun is not None),
                resume="allow",
                # Lightning's offline=True only sets an environment variable, which W&B has read already.
                mode="offline" if _wandb_offline() else None,
                config=dict(plain),
            )
        )
    return loggers


def remember_wandb_id(loggers: Iterable[Logger], run: RunFolder) -> None:
    """Write down under which id W&B knows a run, so that it goes on there; a logger begins before the run is kept."""
    for logger in loggers:
        if isinstance(logger, WandbLogger):
            file = _wandb_id_file(run)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"{logger.version}\n", encoding="utf-8")


def _require(package: str, extra: str) -> None:
    from importlib.util import find_spec

    if find_spec(package) is None:
        raise SeethroughError(f"logger={extra} needs the package {package}: pip install 'seethrough[{extra}]'")


def _wandb_id(run: RunFolder, goes_on: bool) -> str:
    """Return the id under which W&B knows a run; one that goes on keeps that of its first start."""
    kept = _wandb_id_file(run)
    if goes_on and kept.is_file():
        return kept.read_text(encoding="utf-8").strip()
    return secrets.token_hex(4)


def _wandb_id_file(run: RunFolder) -> Path:
    return run.path / "wandb" / "run_id.txt"


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
