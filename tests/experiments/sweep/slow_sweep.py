"""``python -m tests.experiments.sweep.slow_sweep``: a sweep whose trainings last until the file ``release`` exists."""

from __future__ import annotations

import json
import sys

from experiments import ended_run
from experiments.command_line import run
from experiments.config.registry import DATA_SETS, METHODS, DataSet, Method
from experiments.sweep import commands
from experiments.sweep.__main__ import main


def training(job) -> tuple[str, ...]:
    mark = json.dumps({"limits": ended_run._limits(job.composition)})
    work = (
        "import pathlib, time\n"
        f"folder = pathlib.Path({str(job.folder.path)!r})\n"
        "folder.mkdir(parents=True, exist_ok=True)\n"
        "(folder / 'begun').open('a').write('x')\n"
        "end = time.monotonic() + 150\n"
        "while not (folder.parents[1] / 'release').exists() and time.monotonic() < end:\n"
        "    time.sleep(0.1)\n"
        f"(folder / 'ended.json').write_text({mark!r})"
    )
    return (sys.executable, "-c", work)


if __name__ == "__main__":
    METHODS["tiny"] = Method("tests.experiments.tiny:TinyConfig", "tests.experiments.tiny:TinyModule")
    DATA_SETS["points"] = DataSet("tests.experiments.tiny:TinyDataConfig", "tests.experiments.tiny:TinyData")
    commands.train_command = training
    run(main)
