from __future__ import annotations

import pytest

from experiments.config.composition import compose
from experiments.sweep.planning import plan_sweep
from experiments.sweep.reading import read_sweep
from seethrough.errors import SeethroughError


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("gird: {model.slope: [1]}\n", "unknown key 'gird' in {file}:3 (did you mean 'grid'?)"),
        ("grid:\n  model.slop: [1, 2]\n", "unknown key 'model.slop' in {file}:4 (did you mean 'slope'?)"),
        ("grid:\n  model: {slope: [1, steep]}\n", "'model.slope' in {file}:4 must be a number, not 'steep'"),
        ("grid:\n  model.kind: [line, lin]\n",
         "'model.kind' in {file}:4 must be one of line, constant, not 'lin' (did you mean 'line'?)"),
        ("grid:\n  model.slope: 1\n", "'grid.model.slope' in {file}:4 must be a list of values, not 1; "
         "a single value belongs into settings"),
        ("grid:\n  model.slope: [1, 2, 1]\n", "'grid.model.slope' in {file}:4 has 1 twice"),
        ("grid:\n  seed: [0, 1]\n",
         "'grid.seed' in {file}:4: use seeds: [0, 1, 2], over which the table takes means"),
        ("grid:\n  name: [a, b]\n", "'grid.name' in {file}:4 is what the sweep says itself to each run: leave it out"),
        ("seeds: [0, x]\n", "'seeds' in {file}:3 must be a list of whole numbers from 0 on"),
        ("seeds: [1, 1]\n", "'seeds' in {file}:3 has a seed twice"),
        ("evaluate: tset\nseeds: [0]\n", "'evaluate' in {file}:3 must be one of validation, test, not 'tset'"),
        ("seed_settings: ['seed={sed}']\nseeds: [0]\n", "'seed_settings' in {file} may hold {{seed}} and "
         "{{seed_plus_one}}, and no other braces: seed={sed}"),
        ("runs: [ablation/nope]\n", "run 'nope' of {file}: unknown config 'ablation/nope'"),
        ("runs:\n  - {configs: [a]}\n", "'runs.1' in {file}:3 needs a name"),
        ("runs:\n  - {name: a, setting: {}}\n",
         "unknown key 'runs.1.setting' in {file}:3 (did you mean 'settings'?)"),
        ("runs: [{name: a}, {name: a}]\n", "{file}: two runs are called 'a': give one of them another name"),
        ("runs: [{name: a, settings: {model.slope: 2}}]\ngrid: {model.slope: [1]}\n",
         "'model.slope' in {file}:3 is swept by the grid as well: take one away"),
        ("runs: [{name: a, settings: {model.steps: -1}}]\n",
         "run 'a' of {file}: bad settings in 'model': steps is negative"),
        ("metrics: {a: b}\nseeds: [0]\n", "'metrics' in {file}:3 must be a text or a list of texts"),
        ("", "{file}: a sweep needs runs, a grid or seeds"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_with_file_and_key(sweep_file, tmp_path, text, message):
    file = sweep_file(text)
    with pytest.raises(SeethroughError) as caught:
        plan_sweep(read_sweep(file), tmp_path)
    expected = message.replace("{file}", file).replace("{{", "{").replace("}}", "}")
    assert str(caught.value).startswith(expected), str(caught.value)


def test_a_config_is_no_sweep_and_a_sweep_no_config():
    with pytest.raises(SeethroughError, match=r"'focus' is a config, not a sweep.*sweep/focus_ablations.*--grid"):
        read_sweep("focus")
    with pytest.raises(SeethroughError, match=r"no sweep \(did you mean 'sweep/focus_ablations'\?\)"):
        read_sweep("sweep/focus_ablation")
    with pytest.raises(SeethroughError, match=r"python -m experiments\.sweep sweep/focus_ablations"):
        compose(["sweep/focus_ablations"])
