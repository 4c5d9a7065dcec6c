from __future__ import annotations

import importlib.util
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from datamodules.sample import check_sample
from datamodules.sampler import KeyedBatchSampler, ResumableLoader, SampleKey
from datamodules.synthetic import pool as pools
from datamodules.synthetic.dataset import LiveDataset, PoolDataset
from datamodules.synthetic.pool import ensure_pool
from datamodules.synthetic.pool_files import MANIFEST, open_columns
from datamodules.synthetic.pool_spec import PoolSpec, pool_key
from seethrough.errors import SeethroughError
from tests.datamodules.synthetic.scenes import scene_config, small_model
from tests.small_face import small_face_model


def spec(rows: int = 20, **changes: Any) -> PoolSpec:
    return PoolSpec(**{"name": "train", "scene": scene_config(), "rows": rows, "seed": (3, 0), **changes})


def columns(folder: Path) -> dict[str, np.ndarray]:
    return {name: np.array(column) for name, column in open_columns(folder)[1].items()}


def same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ensure_pool(spec(), small_model, tmp_path_factory.mktemp("pools"), processes=1, progress=False)


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "CHUNK", 6)


def test_a_finished_pool_is_found_again(finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "_render_chunks", None)
    assert ensure_pool(spec(), small_model, finished.parent) == finished
    assert [path.name for path in finished.parent.iterdir()] == [finished.name]


def test_the_key_depends_on_what_changes_a_picture_and_on_nothing_else() -> None:
    model = small_model()
    key = pool_key(spec(), model)
    assert pool_key(spec(scene=scene_config(model="elsewhere", level=3, expression_file="basis")), model) == key
    others = [
        pool_key(spec(rows=21), model),
        pool_key(spec(seed=(4, 0)), model),
        pool_key(spec(twins=True), model),
        pool_key(spec(scene=scene_config(detail=0.5)), model),
        pool_key(spec(scene=scene_config(occluders={"hand": 1.0})), model),
        pool_key(spec(), small_face_model(17, albedo=4)),
        pool_key(spec(), small_face_model(19)),
    ]
    assert len({key, *others}) == 1 + len(others)


@pytest.mark.usefixtures("small_chunks")
def test_a_killed_rendering_goes_on_and_gives_the_same_pool(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    render, done = pools.ChunkRenderer.render, []

    def dies_on_the_third(self: pools.ChunkRenderer, first: int) -> int:
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(first)
        return render(self, first)

    monkeypatch.setattr(pools.ChunkRenderer, "render", dies_on_the_third)
    with pytest.raises(KeyboardInterrupt):
        ensure_pool(spec(), small_model, tmp_path, processes=1, progress=False)
    assert not (tmp_path / finished.name).exists()

    again: list[int] = []
    monkeypatch.setattr(pools.ChunkRenderer, "render", lambda self, first: again.append(first) or render(self, first))
    folder = ensure_pool(spec(), small_model, tmp_path, processes=1, progress=False)
    assert (done, again) == ([0, 6], [12, 18])
    assert same(columns(folder), columns(finished))
    assert sorted(path.name for path in tmp_path.iterdir()) == [folder.name]


@pytest.mark.slow  # each process imports all of it; test_chunk_workers.py has the sharing, the tests above the chunks
@pytest.mark.usefixtures("small_chunks")
def test_several_processes_render_the_same_pool(finished: Path, tmp_path: Path) -> None:
    folder = ensure_pool(spec(), small_model, tmp_path, processes=2, progress=False)
    assert same(columns(folder), columns(finished))


@pytest.mark.slow
def test_a_script_without_a_main_guard_is_told_so(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(f"""
from tests.datamodules.synthetic.test_pool import *
pools.CHUNK = 6
ensure_pool(spec(), small_model, {str(tmp_path)!r}, processes=2, progress=False)
""")
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    ended = subprocess.run([sys.executable, script], env=environment, capture_output=True, text=True, timeout=200)
    assert ended.returncode != 0
    assert "outside `if __name__ == '__main__':`" in ended.stderr.splitlines()[-1]


@pytest.mark.slow
def test_a_pool_survives_sigkill(finished: Path, tmp_path: Path) -> None:
    program = f"""
from tests.datamodules.synthetic.test_pool import *
pools.CHUNK = 2
render = pools.ChunkRenderer.render
def slowly(self, first):
    time.sleep(0.2)
    return render(self, first)
pools.ChunkRenderer.render = slowly
ensure_pool(spec(), small_model, {str(tmp_path)!r}, processes=1, progress=False)
"""
    process = subprocess.Popen([sys.executable, "-c", program], cwd=Path(__file__).parents[3])
    deadline = time.monotonic() + 120
    while len(list(tmp_path.glob("*.partial/*.done"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not (tmp_path / finished.name).exists()
    before = pools.CHUNK
    pools.CHUNK = 2
    try:
        folder = ensure_pool(spec(), small_model, tmp_path, processes=1, progress=False)
    finally:
        pools.CHUNK = before
    assert same(columns(folder), columns(finished))


def test_damage_is_told_in_one_line(finished: Path, tmp_path: Path) -> None:
    folder = ensure_pool(spec(rows=3), small_model, tmp_path, processes=1, progress=False)
    (folder / "landmarks.npy").write_bytes(b"x" * 40)
    with pytest.raises(SeethroughError, match=r"landmarks\.npy: damaged"):
        open_columns(folder)
    content = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps({**content, "rows": 4}))
    with pytest.raises(SeethroughError, match="instead of"):
        open_columns(folder)
    (folder / MANIFEST).write_text("{")
    with pytest.raises(SeethroughError, match="not the manifest of a pool"):
        open_columns(folder)


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SeethroughError, match="cannot keep a pool"):
        ensure_pool(spec(), small_model, tmp_path / "file" / "pools")


def test_samples_of_a_pool_keep_the_schema(finished: Path) -> None:
    dataset = PoolDataset(finished, spec())
    assert len(dataset) == 20
    for row in range(20):
        check_sample(dataset[row])
    one = dataset[7]
    assert one["id"] == "train-000007"
    assert one["identity"].item() == 7
    assert one["truth"]["twin"] == ""


def test_a_batch_is_its_samples(finished: Path) -> None:
    dataset = PoolDataset(finished, spec())
    batch = dataset.__getitems__([SampleKey(0, 4), SampleKey(5, 1)])
    for place, row in enumerate((4, 1)):
        torch.testing.assert_close(batch["image"][place], dataset[row]["image"], rtol=0, atol=0)
        torch.testing.assert_close(batch["mask"][place], dataset[row]["mask"], rtol=0, atol=0)
        assert batch["truth"]["occluder_name"][place] == dataset[row]["truth"]["occluder_name"]


def test_live_faces_of_the_first_epoch_are_the_pools(finished: Path) -> None:
    stored, live = PoolDataset(finished, spec()), LiveDataset(spec(), small_model)
    keys = [SampleKey(0, row) for row in (3, 0, 11)]
    one, other = stored.__getitems__(keys), live.__getitems__(keys)
    assert one["id"] == other["id"]
    for name in ("image", "mask", "landmarks", "identity"):
        assert torch.equal(one[name], other[name])
    later = live.__getitems__([SampleKey(1, 3)])
    check_sample(live[SampleKey(1, 3)])
    assert later["id"] == ["train-000003-epoch1"]
    assert later["identity"].tolist() == [23]
    assert not torch.equal(later["image"][0], one["image"][0])


def test_twins_show_one_scene_both_ways(tmp_path: Path) -> None:
    scene = scene_config(occluded_fraction=1.0)
    twins = spec(rows=12, scene=scene, twins=True, name="test")
    dataset = PoolDataset(ensure_pool(twins, small_model, tmp_path, processes=1, progress=False), twins)
    batch = dataset.__getitems__(list(range(12)))
    truth = batch["truth"]
    assert truth["occluder"][::2].eq(0).all()
    assert truth["occluder"][1::2].gt(0).all()
    assert torch.equal(batch["identity"][::2], batch["identity"][1::2])
    for name, values in truth["parameters"].items():
        assert torch.equal(values[::2], values[1::2]), name
    assert torch.equal(truth["full_face"][::2], truth["full_face"][1::2])
    assert (batch["mask"][1::2] <= batch["mask"][::2]).all()
    assert batch["truth"]["twin"] == [f"test-{row ^ 1:06d}" for row in range(12)]


def test_reading_keeps_almost_nothing_in_memory(finished: Path) -> None:
    for column in PoolDataset(finished, spec())._columns.values():
        assert isinstance(column, np.memmap)
        assert not column.flags.writeable


@pytest.mark.slow
@pytest.mark.parametrize("source", ["pool", "live"])
def test_loader_processes_change_nothing(finished: Path, source: str) -> None:
    dataset = PoolDataset(finished, spec()) if source == "pool" else LiveDataset(spec(), small_model)
    batches = []
    for workers in (0, 2):
        context = multiprocessing.get_context("spawn") if workers else None
        loader = ResumableLoader(
            dataset, KeyedBatchSampler(20, 5, seed=1), num_workers=workers, multiprocessing_context=context
        )
        loader.set_epoch(2)
        batches.append(list(loader))
    assert len(batches[0]) == len(batches[1]) == 4
    for one, other in zip(*batches, strict=True):
        assert one["id"] == other["id"]
        assert torch.equal(one["image"], other["image"])
        assert torch.equal(one["landmarks"], other["landmarks"])


def test_specs_with_people_in_several_pictures() -> None:
    several = replace(spec(), scene=scene_config(images_per_identity=4))
    assert [several.person(row) for row in (0, 3, 4, 11)] == [0, 0, 1, 2]


def test_a_system_without_file_locks_is_told_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "fcntl", None)
    beside = importlib.util.spec_from_file_location("pool_without_locks", pools.__file__)
    with pytest.raises(SeethroughError, match="Linux or macOS"):
        beside.loader.exec_module(importlib.util.module_from_spec(beside))
