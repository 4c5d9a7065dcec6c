"""Every mistake is one line that names the file or the override, and says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.config.composition import compose
from seethrough.errors import SeethroughError


def message(configs: Path, overrides: list[str], names: list[str] | None = None) -> str:
    with pytest.raises(SeethroughError) as caught:
        compose(names or ["tiny", "data/points"], overrides, configs)
    text = str(caught.value)
    assert "\n" not in text
    return text


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("model.optimiser.learning_rat=1", "unknown key 'model.optimiser.learning_rat' in override"),
        ("model.optimiser.learning_rat=1", "(did you mean 'learning_rate'?)"),
        ("learning_rate=1", "(did you mean 'model.optimiser.learning_rate'?)"),
        ("modle.slope=1", "unknown key 'modle' in override 'modle.slope=1' (did you mean 'model'?)"),
        ("model.zzz=1", "keys here: slope, kind, steps"),
        ("model.second.zzz=1", "keys here: learning_rate, warmup"),
        ("model.slope=fast", "'model.slope' in override 'model.slope=fast' must be a number, not 'fast'"),
        ("model.slope=null", "must be a number, not None"),
        ("model.steps=2.5", "must be a whole number, not 2.5"),
        ("model.steps=true", "must be a whole number, not True"),
        ("overwrite=maybe", "must be true or false, not 'maybe'"),
        ("model.kind=lin", "must be one of line, constant, not 'lin' (did you mean 'line'?)"),
        ("logger=wandbb", "must be one of csv, wandb, tensorboard, not 'wandbb' (did you mean 'wandb'?)"),
        ("model.layers=3", "must be a list, each item a whole number, not 3"),
        ("model.layers=[1, x]", "must be a list, each item a whole number, not [1, 'x']"),
        ("model.weights.pixel=x", "'model.weights.pixel' in override 'model.weights.pixel=x' must be a number"),
        ("model.weights=5", "must be keys, each with a number, not 5"),
        ("trainer.devices=2.5", "must be a whole number or a text, not 2.5"),
        ("model=3", "'model' in override 'model=3' is a group of settings and cannot be 3; set one of its keys"),
        ("model=${data}", "is a group of settings"),
        ("model.optimiser=sgd", "such as model.optimiser.learning_rate"),
        ("trainer=null", "is a group of settings and cannot be None"),
        ("seed.x=1", "'seed' in override 'seed.x=1' is a single value and has no key 'x'"),
        ("seed=${sede}", "'seed' in override 'seed=${sede}' cannot be resolved: there is no key 'sede'"),
        ("seed=${seed}", "cannot be resolved"),
        ("seed=${name", "'seed' in override 'seed=${name' must be a whole number"),
        ("name=${seed", "override 'name=${seed'"),
        ("seed=${trainer.precision}", "could not be converted to Integer"),
        ("seed=${oc.env:SEETHROUGH_NOT_SET}", "'SEETHROUGH_NOT_SET' not found"),
        ("model.layers=${seed}", "'model.layers' in override 'model.layers=${seed}' cannot be resolved"),
        ("seed=???", "seed has no value: add seed=VALUE"),
        ("name={a}/{b}", """a text that begins with a brace needs quotes: 'name="{a}/{b}"'"""),
        ("seed=[1", "YAML syntax error in override 'seed=[1'"),
        ("=1", "is not of the form key=value"),
        ("a b=1", "is not of the form key=value"),
        ("model..slope=1", "is not of the form key=value"),
        ("trainer.gradient_clip_val=1", "does not work with method 'tiny': use model.optimiser"),
        ("model.steps=-1", "bad settings in 'model': steps is negative"),
        ("method=tinny", "unknown method 'tinny' in override 'method=tinny' (did you mean 'tiny'?); there are: focus"),
        ("dataset=3", "unknown dataset '3'"),
    ],
)
def test_overrides(configs: Path, override: str, said: str) -> None:
    assert said in message(configs, [override])


def test_groups_that_are_not_there_yet(configs: Path) -> None:
    assert "'model.slope' in override 'model.slope=1', but 'model' is empty" in message(
        configs, ["model.slope=1"], ["data/points"]
    )
    assert "no dataset is chosen: name a config such as 'data/synthetic'" in message(configs, [], ["tiny"])
    assert "no method is chosen" in message(configs, [], ["data/points"])


def test_required_values(configs: Path) -> None:
    assert message(configs, ["dataset=needy"], ["tiny"]) == (
        "data.folder has no value: add data.folder=VALUE, or set it in a config file"
    )


def test_unknown_names(configs: Path) -> None:
    assert message(configs, [], ["tinny"]) == "unknown config 'tinny' (did you mean 'tiny'?)"
    assert "(did you mean 'data/points'?)" in message(configs, [], ["points"])
    assert "there are: data/points, steep, study/long, study/steep, tiny" in message(configs, [], ["qqqq"])
    assert "unknown config 'qqqq.yaml'" in message(configs, [], ["qqqq.yaml"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("model:\n  slop: 1\n", "bad.yaml:2 (did you mean 'slope'?)"),
        ("model:\n  # steep\n  slope: fast\n", "bad.yaml:3 must be a number, not 'fast'"),
        ("model:\n  slope: 1\n   kind: line\n", "bad.yaml:3: mapping values are not allowed here"),
        ("model: [1\n", "YAML syntax error in "),
        ("model:\n  slope: 1\n  slope: 2\n", "bad.yaml:3: key 'slope' stands twice"),
        ("- a\n- b\n", "its top level is a list"),
        ("tiny\n", "its top level is a single value"),
        ("extends: 3\n", "'extends' in "),
        ("extends: [a, 3]\n", "must be a config name or a list of config names"),
        ("extends: tinny\n", "unknown config 'tinny' that "),
        ("extends: bad\n", "configs extend each other in a circle: bad -> bad"),
        ("model: 3\n", "is a group of settings and cannot be 3"),
        ("extends: steep\n{}", "YAML syntax error in "),
        ("seed: !!python/object:os.system {}\n", "could not determine a constructor"),
        ("model: {1: 2}\n", "unknown key 'model.1'"),
    ],
)
def test_files(configs: Path, text: str, said: str) -> None:
    (configs / "bad.yaml").write_text(text)
    assert said in message(configs, [], ["tiny", "data/points", "bad"])


def test_a_circle_names_its_way(configs: Path) -> None:
    (configs / "a.yaml").write_text("extends: study/b\n")
    (configs / "study/b.yaml").write_text("extends: [tiny, a]\n")
    assert "a -> study/b -> a" in message(configs, [], ["a"])


def test_files_that_are_no_text(configs: Path) -> None:
    (configs / "bad.yaml").write_bytes(b"\xff\xfe\x00a")
    assert "it is not UTF-8 text" in message(configs, [], ["bad"])
    (configs / "folder.yaml").mkdir()
    assert "unknown config 'folder'" in message(configs, [], ["folder"])
