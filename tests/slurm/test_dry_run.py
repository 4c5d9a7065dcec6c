"""What the shipped template would have each task run, told without any SLURM."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

from experiments.config.arguments import split_words
from experiments.config.composition import compose

ROOT = Path(__file__).resolve().parents[2]


def told(*words: str, **slurm: str) -> tuple[str, list[str]]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("SLURM_")} | slurm
    command = ["bash", "configs/slurm/train.sbatch", "--dry-run", *words]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    size, _, line = done.stdout.partition(": ")
    return size, shlex.split(line)


def test_the_words_of_each_task_compose() -> None:
    words = ("focus", "preset/paper", "data/synthetic", "trainer/gpu", "name=my run")
    size, line = told(*words, SLURM_NNODES="2", SLURM_NTASKS_PER_NODE="8", PYTHON="python3")
    assert size == "2 x 8"
    assert line[:4] == ["srun", "python3", "-m", "experiments.train"]
    assert line[4:] == [*words, "resume=auto", "trainer.devices=8", "trainer.num_nodes=2"]
    compose(*split_words(line[4:]))


def test_what_is_named_is_not_named_again() -> None:
    size, line = told("focus", "trainer.devices=2", SLURM_JOB_NAME="job", SLURM_JOB_ID="7")
    assert size == "1 x 1"
    assert line[4:] == ["focus", "trainer.devices=2", "resume=auto", "name=job-7", "trainer.num_nodes=1"]
