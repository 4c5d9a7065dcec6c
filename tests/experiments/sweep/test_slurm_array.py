from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

import pytest

from experiments.config.arguments import split_words
from experiments.config.composition import compose
from experiments.provenance import ROOT
from experiments.sweep.slurm_array import TEMPLATE, array_script, write_array
from seethrough.errors import SeethroughError

# In place of python: write down what it was told.
RECORD = '#!/bin/bash\nprintf "%s\\n" "$*" >> "$RECORD"\nexit "${CODE:-0}"\n'


def call(tmp_path: Path, *command: str, **environment: str) -> tuple[int, list[str]]:
    """Run a script as a SLURM job would, with ``srun`` and ``scontrol`` that only say what they were told."""
    tools = tmp_path / "bin"
    tools.mkdir(exist_ok=True)
    for name, text in (
        ("python", RECORD), ("srun", '#!/bin/bash\nwhile [[ $1 == --* ]]; do shift; done\nexec "$@"\n'),
        ("scontrol", '#!/bin/bash\necho "scontrol $*" >> "$RECORD"\n'),
        ("squeue", '#!/bin/bash\necho "${STATE:-RUNNING}"\n'),
    ):  # fmt: skip
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)
    record = tmp_path / "record"
    record.write_text("")
    inside = {
        "PATH": f"{tools}:{os.environ['PATH']}", "PYTHON": str(tools / "python"), "RECORD": str(record),
        "SLURM_SUBMIT_DIR": str(ROOT), "SLURM_JOB_ID": "7", "SLURM_JOB_NAME": "job", "SLURM_NTASKS_PER_NODE": "1",
    }  # fmt: skip
    done = subprocess.run(["bash", *command], env={**inside, **environment}, cwd=tmp_path, timeout=60)
    return done.returncode, record.read_text().splitlines()


def test_each_task_trains_its_run_and_scores_it(planned, tmp_path):
    plan = planned("runs: [{name: a}, {name: b, settings: {wandb.group: 'it''s \"so\" $HOME'}}]\nseeds: [0, 1]\n"
                   "evaluate: validation\n", overrides=["trainer.devices=1", "trainer.accelerator=cpu"])  # fmt: skip
    script = tmp_path / "array.sbatch"
    said = write_array(script, plan, 3)
    assert f"sbatch {script}" in said and "--table" in said
    text = script.read_text()
    assert "#SBATCH --array=0-3%3\n" in text and "#SBATCH --nodes=1\n" in text and "--gpus" not in text
    for number, job in enumerate(plan.jobs):
        code, lines = call(tmp_path, str(script), SLURM_ARRAY_TASK_ID=str(number))
        assert code == 0
        train, evaluate = lines
        assert train.startswith("-m experiments.train method=tiny dataset=points ")
        assert f"name={job.name} out={job.root} resume=auto" in train
        if job.variant == "b":
            assert 'wandb.group=it\'s "so" $HOME' in train
        assert evaluate == f"-m experiments.evaluate {job.folder.path} --split validation --json {job.scores}"
    code, lines = call(tmp_path, str(script), SLURM_ARRAY_TASK_ID="0", CODE="1")
    assert (code, len(lines)) == (1, 1), "a training that failed is not scored"


def test_devices_are_those_of_the_runs(planned):
    size = ["trainer.devices=8", "trainer.num_nodes=2", "trainer.accelerator=gpu"]
    text = array_script(planned("seeds: [0]\n", overrides=size), None, Path("x"))
    for line in ("--nodes=2", "--ntasks-per-node=8", "--gpus-per-node=8", "--array=0-0"):
        assert f"#SBATCH {line}\n" in text
    with pytest.raises(SeethroughError, match=r"has to say how many: add trainer\.devices=NUMBER"):
        array_script(planned("seeds: [0]\n"), None, Path("x"))
    with pytest.raises(SeethroughError, match="different numbers of devices"):
        array_script(planned("grid: {trainer.devices: [1, 2]}\n"), None, Path("x"))


def test_the_template_says_devices_and_a_name_unless_told(tmp_path):
    template = str(ROOT / TEMPLATE)
    sizes = {"SLURM_NTASKS_PER_NODE": "8", "SLURM_NNODES": "2"}
    _, (line,) = call(tmp_path, template, "focus", "data/synthetic", **sizes)
    assert line == (
        "-m experiments.train focus data/synthetic resume=auto name=job-7 trainer.devices=8 trainer.num_nodes=2"
    )
    config = compose(*split_words(shlex.split(line)[2:])).config
    assert (config.trainer.devices, config.trainer.num_nodes, config.resume) == (8, 2, "auto")
    _, (line,) = call(tmp_path, template, "focus", "name=mine", "trainer.devices=4", "trainer.num_nodes=1", **sizes)
    assert line == "-m experiments.train focus name=mine trainer.devices=4 trainer.num_nodes=1 resume=auto"


@pytest.mark.parametrize(
    ("code", "state", "again"), [(75, "RUNNING", True), (75, "CANCELLED", False), (1, "RUNNING", False), (0, "", False)]
)
def test_only_a_training_that_has_saved_is_queued_again(tmp_path, code, state, again):
    ended, lines = call(tmp_path, str(ROOT / TEMPLATE), "focus", CODE=str(code), STATE=state)
    assert ended == code
    assert ("scontrol requeue 7" in lines) == again
