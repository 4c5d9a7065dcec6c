from __future__ import annotations

import csv
import json
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from datamodules.synthetic.benchmark import writing
from datamodules.synthetic.benchmark.checking import problems
from datamodules.synthetic.benchmark.geometry import GeometryPainter
from datamodules.synthetic.benchmark.pairs import pair_lines
from datamodules.synthetic.benchmark.writing import write_split
from datamodules.synthetic.pool import ensure_pool
from datamodules.synthetic.pool_spec import PoolSpec
from datamodules.synthetic.textures import made_textures
from seethrough.errors import SeethroughError
from tests.datamodules.synthetic.scenes import SIZE, renderer, scene_config, small_model


def twins(rows: int = 12) -> PoolSpec:
    return PoolSpec("test", scene_config(occluded_fraction=1.0), rows, (9, 9), twins=True)


def content(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module", autouse=True)
def small_chunks():
    before, writing.CHUNK = writing.CHUNK, 4
    yield
    writing.CHUNK = before


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("synocc")
    write_split(twins(), small_model, root, geometry=True, processes=1, progress=False)
    return root


def test_the_files_are_the_renderers(written: Path) -> None:
    spec = twins()
    from datamodules.synthetic.generator import SceneRenderer

    made = SceneRenderer(small_model(), spec.scene, spec.seed)
    for row in (0, 7):
        face = made.render(spec.scene_of(made.scenes, row))
        name = written / "test" / f"test-{row:06d}"
        np.testing.assert_array_equal(np.asarray(Image.open(f"{name}.png")), face.image.transpose(1, 2, 0))
        mask = np.asarray(Image.open(f"{name}_visible_skin_mask.png"))
        np.testing.assert_array_equal(mask, face.mask * 255)
        with np.load(f"{name}_truth.npz", allow_pickle=False) as truth:
            np.testing.assert_array_equal(truth["landmarks"], face.landmarks)
            np.testing.assert_array_equal(truth["full_face"], face.full_face)
            assert int(truth["occluder"]) == face.occluder
            assert str(truth["subset"]) == ("clean", "occluded")[row % 2]
            assert str(truth["twin"]) == f"test-{row ^ 1:06d}"
            assert len(truth["identity"]) == small_model().sizes.identity
    assert list(problems(written)) == []


def test_the_table_of_landmarks_is_focus_own(written: Path) -> None:
    with (written / "test_landmarks.csv").open() as file:
        rows = list(csv.reader(file))
    assert [row[0] for row in rows] == [f"test-{row:06d}.png" for row in range(12)]
    assert {len(row) for row in rows} == {137}
    points = np.array([[int(value) for value in row[1:]] for row in rows])
    with np.load(written / "test" / "test-000003_truth.npz") as truth:
        assert np.abs(points[3].reshape(68, 2) + 0.5 - truth["landmarks"]).max() <= 0.5001


def test_a_killed_writer_goes_on_to_the_same_bytes(
    written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, done = writing._write_chunk, []

    def dies(spec, made, geometry, folder, first):
        if first == 8:
            # In the middle of a chunk: some of its files are there, one of them half written.
            (folder / "test-000008.png.partial").write_bytes(b"half")
            (folder / "test-000008.png").write_bytes(b"from another world")
            raise KeyboardInterrupt
        done.append(first)
        return work(spec, made, geometry, folder, first)

    monkeypatch.setattr(writing, "_write_chunk", dies)
    with pytest.raises(KeyboardInterrupt):
        write_split(twins(), small_model, tmp_path, geometry=True, processes=1, progress=False)
    assert [line for line in problems(tmp_path) if "not finished" in line]
    again: list[int] = []
    monkeypatch.setattr(writing, "_write_chunk", lambda *given: again.append(given[-1]) or work(*given))
    write_split(twins(), small_model, tmp_path, geometry=True, processes=1, progress=False)
    assert (done, again) == ([0, 4], [8])
    assert content(tmp_path) == content(written)
    # A finished split is left alone.
    write_split(twins(), small_model, tmp_path, geometry=True, processes=1, progress=False)
    assert again == [8]


def test_other_settings_do_not_mix(written: Path) -> None:
    with pytest.raises(SeethroughError, match="holds this split with other settings"):
        write_split(twins(14), small_model, written, geometry=True, processes=1, progress=False)
    with pytest.raises(SeethroughError, match="holds this split with other settings"):
        write_split(twins(), small_model, written, processes=1, progress=False)


def test_every_kind_of_damage_is_named(tmp_path: Path) -> None:
    write_split(twins(4), small_model, tmp_path, processes=1, progress=False)
    folder = tmp_path / "test"
    flipped = bytearray((folder / "test-000001.png").read_bytes())
    flipped[len(flipped) // 2] ^= 1
    (folder / "test-000001.png").write_bytes(flipped)
    (folder / "test-000002_truth.npz").unlink()
    (folder / "test-000000.png").write_bytes(b"short")
    (folder / "stranger.png").write_bytes(b"")
    found = list(problems(tmp_path))
    assert len(found) == 4
    for name, words in (
        ("test-000001.png", "not what was written"),
        ("test-000002_truth.npz", "missing"),
        ("test-000000.png", "5 bytes instead of"),
        ("stranger.png", "not in the manifest"),
    ):
        assert any(name in line and words in line for line in found), name


def test_a_flipped_byte_of_a_pool_is_noticed(tmp_path: Path) -> None:
    folder = ensure_pool(twins(4), small_model, tmp_path, processes=1, progress=False)
    assert list(problems(tmp_path)) == []
    path = folder / "mask.npy"
    flipped = bytearray(path.read_bytes())
    flipped[-1] ^= 1
    path.write_bytes(flipped)
    for root in (tmp_path, folder):
        assert list(problems(root)) == [f"{path}: not what was written"]
    with pytest.raises(SeethroughError, match="neither a benchmark"):
        list(problems(tmp_path / "nowhere"))


def test_memory_does_not_grow_with_the_size(tmp_path: Path) -> None:
    peaks = []
    for rows in (8, 40):
        spec = PoolSpec(f"train{rows}", scene_config(), rows, (3, 0))
        made_textures.cache_clear()
        tracemalloc.start()
        write_split(spec, small_model, tmp_path, processes=1, progress=False)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    # The contact sheet alone grows, up to 64 small pictures.
    assert peaks[1] < 1.1 * peaks[0] + 40 * 2 * 3 * SIZE * SIZE * 3


def test_geometry_is_that_of_the_face() -> None:
    painter = GeometryPainter(renderer())
    scene = renderer().scenes.scene(0, 2)
    maps, face = painter.paint(scene), renderer().render(scene)
    seen = np.isfinite(maps["depth"])
    assert np.mean(seen != face.full_face) < 0.03
    np.testing.assert_allclose(np.linalg.norm(maps["normals"][seen], axis=-1), 1, atol=1e-5)
    # What is seen faces the camera, at about the distance of the head.
    assert (maps["normals"][seen][:, 2] < 0.2).mean() > 0.98
    assert np.abs(maps["depth"][seen] - maps["vertices_posed"][:, 2].mean()).max() < 150
    assert 0 < np.abs(maps["bump"][seen]).max() < 0.6
    back = (maps["vertices_posed"][0] - scene.translation - [0, 0, 1000]) @ np.eye(3)
    assert np.isfinite(back).all()
    nearest = maps["vertices_posed"][:, 2].min()
    assert maps["depth"][seen].min() > nearest - 1.0


def test_neutral_vertices_have_no_expression() -> None:
    painter, model = GeometryPainter(renderer()), small_model()
    scene = renderer().scenes.scene(0, 3)
    neutral = model.mean.numpy() + np.tensordot(scene.identity, model.identity_basis.numpy(), 1)
    np.testing.assert_allclose(painter.paint(scene)["vertices_neutral"], neutral, atol=1e-3)


def test_verification_pairs() -> None:
    spec = PoolSpec("verification", scene_config(images_per_identity=4), 1200, (2, 2))
    rows = [line.split(",") for line in pair_lines(spec).splitlines()[1:]]
    assert len(rows) == 10 * 120
    people: dict[str, set[int]] = {}
    for fold, same, first, second in rows:
        one, other = (spec.person(int(name.rsplit("-", 1)[1])) for name in (first, second))
        assert (one == other) == (same == "1")
        people.setdefault(fold, set()).update((one, other))
    assert len({tuple(row[2:]) for row in rows}) == len(rows)
    folds = list(people.values())
    assert sum(map(len, folds)) == len(set.union(*folds))
    assert pair_lines(spec) == pair_lines(spec)


def test_settings_say_how_it_was_made(written: Path) -> None:
    settings = json.loads((written / "test" / "settings.json").read_text())
    assert settings["split"]["rows"] == 12
    assert settings["geometry"] is True
