"""Which trained network reconstructs: the one that was named, the one that comes along, or the newest of the runs."""

from __future__ import annotations

from pathlib import Path

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from experiments.run_folder import RunFolder
from lightning_modules.focus import packing

RUNS = Path("runs")
NO_NETWORK = "none"
METHOD = "focus"


def newest_run(runs: Path = RUNS) -> Path | None:
    """Return the run folder whose FOCUS checkpoint was written last, or None."""
    found: list[tuple[float, Path]] = []
    for folder in runs.iterdir() if runs.is_dir() else ():
        run = RunFolder(folder)
        checkpoint = run.newest_checkpoint()
        if checkpoint is not None and _method(run.config) == METHOD:
            found.append((checkpoint.stat().st_mtime, folder))
    return max(found)[1] if found else None


def choose_checkpoint(option: str | None) -> Path | None:
    """Turn the command's option into a run folder or checkpoint file; None means: without a network.

    Nothing said means the network that comes with Seethrough, or where there is none the newest run; a choice that
    nobody made is told in one line.
    """
    if option == NO_NETWORK:
        return None
    if option is not None:
        return Path(option)
    if packing.DEFAULT_FILE.is_file():
        print("network: the one that comes with Seethrough (--checkpoint RUN takes another, none works without)")
        return Path(packing.DEFAULT)
    newest = newest_run()
    if newest is None:
        print(f"no trained network in {RUNS}/: fitting the photos alone (--checkpoint RUN names one)")
    else:
        print(f"network: {newest}, the newest run (--checkpoint RUN takes another, --checkpoint none works without)")
    return newest


def _method(config: Path) -> str | None:
    try:
        return OmegaConf.select(OmegaConf.load(config), "method")
    except (OSError, ValueError, AttributeError, YAMLError, OmegaConfBaseException):
        return None  # not one of our runs
