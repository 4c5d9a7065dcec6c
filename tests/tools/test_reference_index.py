"""Reference sets of rendered faces and of bump targets, and what the command says of mistakes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from datamodules.detail.config import DetailConfig
from datamodules.detail.datamodule import DetailDataModule
from experiments.command_line import run
from seethrough.details.filling import FillSettings, ReferenceSet, fill_holes
from seethrough.details.filling.viewpoint import rotation_matrices
from seethrough.errors import SeethroughError
from tests.datamodules.bump.targets import known_bump, targets_folder
from tests.datamodules.detail.faces import SIZE, scene_config, small_model
from tests.details.filling.small_references import write_set
from tools.reference_index import building
from tools.reference_index.building import build_references
from tools.reference_index.command import main
from tools.reference_index.face_source import SourceFace
from tools.reference_index.features import FeatureReader
from tools.reference_index.rendered_faces import RenderedFaces

ROWS = 7


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> RenderedFaces:
    with pytest.MonkeyPatch.context() as patch:
        for module in ("datamodules.synthetic.datamodule", "tools.reference_index.rendered_faces"):
            patch.setattr(f"{module}.load_generating_model", lambda scene: small_model())
        folder = str(tmp_path_factory.mktemp("pools"))
        sizes = {"size": ROWS, "validation_size": 1, "test_size": 1, "batch_size": 1}
        config = DetailConfig(scene=scene_config(), folder=folder, render_processes=1, **sizes)
        return RenderedFaces(DetailDataModule(config))


def test_rendered_faces_become_references_whenever_the_run_is_killed(
    rendered: RenderedFaces, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "TOGETHER", 3)
    features = FeatureReader("identity")
    writer = build_references(rendered, features, tmp_path / "whole", say=lambda line: None)
    assert (writer.rows, writer.skipped) == (ROWS, 0)

    class Killed(Exception):  # noqa: N818
        pass

    def kill(faces: list[SourceFace]) -> np.ndarray:
        if faces[0].id.endswith("3"):
            raise Killed
        return features(faces)

    kill.name, kill.weights, kill.size = features.name, features.weights, features.size  # pyright: ignore
    with pytest.raises(Killed):
        build_references(rendered, kill, tmp_path / "killed", say=lambda line: None)  # pyright: ignore
    said: list[str] = []
    build_references(rendered, features, tmp_path / "killed", say=said.append)
    build_references(rendered, features, tmp_path / "killed", say=said.append)
    assert [line.split(": ")[1] for line in said] == [
        f"goes on after 3 of {ROWS} faces",
        "complete already, nothing to do",
    ]
    for path in (tmp_path / "whole").iterdir():
        assert path.read_bytes() == (tmp_path / "killed" / path.name).read_bytes()

    references = ReferenceSet(tmp_path / "whole", rendered.model)
    (face,) = rendered.faces([4])
    assert isinstance(face, SourceFace)
    assert references.ids[4] == face.id
    assert np.abs(references[4].bump - np.where(face.mask, face.bump, 0)).max() < 3e-4
    # A face looks where its rotation says, which is the pose that fills are searched by.
    assert np.allclose(references.rotation_matrices[4], rotation_matrices(face.viewpoint.rotation[None])[0])
    gap = face.mask & (np.mgrid[:SIZE, :SIZE][0] > 36)
    filling = fill_holes(
        face.bump, face.mask & ~gap, face.mask, face.landmarks, face.viewpoint, face.coefficients, references,
        FillSettings(k=ROWS, together=1),
    )  # fmt: skip
    assert filling.report.sources[0].id == face.id
    assert np.abs(filling.bump - face.bump)[face.mask].max() < 0.01


@pytest.mark.slow
def test_bump_targets_become_references(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = targets_folder(tmp_path / "bump", [{"identity": "ann"}, {"identity": None}])
    words = [str(folder), "--out", str(tmp_path / "set"), "--checkpoint", "none", "--feature", "none"]
    main([*words, "--json", str(tmp_path / "counts.json")])
    counts = json.loads((tmp_path / "counts.json").read_text())
    assert counts["references"] + counts["left_out"] == 2
    assert counts["references"] >= 1
    references = ReferenceSet(tmp_path / "set")
    number = int(references.ids[0].removeprefix("face-"))
    bump, mask = known_bump(number)
    assert np.abs(references[0].bump - bump).max() < 3e-4
    assert np.array_equal(references[0].mask, mask)
    main([str(tmp_path / "set"), "--check"])
    assert "as they were written" in capsys.readouterr().out
    with pytest.raises(SeethroughError, match="reference set of other settings"):
        main([*words[:-2], "--feature", "identity"])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("bump.bin", "bump or mask of row 1 is not what was written"),
        ("faces.jsonl", "faces.jsonl: not what was written"),
        ("feature.bin", "feature.bin: not what was written"),
    ],
)
def test_a_check_finds_damage_anywhere(
    name: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_set(tmp_path / "set", 3)
    main([str(folder), "--check"])
    assert "3 references of 64 px: as they were written" in capsys.readouterr().out
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(bytes(content))
    with pytest.raises(SystemExit) as ended:
        run(main, [str(folder), "--check"])
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line and "tools.reference_index SOURCE --out DIR" in line


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["data/detail"], "say where the references go, by --out DIR"),
        (["data/detial", "--out", "x"], "no such folder or data config (did you mean 'data/detail'?)"),
        (["data/synthetic", "--out", "x"], "has no bump maps"),
        (["data/detail", "--split", "tset", "--out", "x"], "--split tset: choose one of train, validation, test"),
        (["nothing", "--check"], "nothing/references.json: no reference set there"),
        (["a", "--check", "--out", "b"], "takes the folder of one finished set"),
        (["data/detail", "--feature", "weights.pth", "--out", "x"], "weights.pth"),
    ],
)
def test_mistakes_are_one_line(
    words: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        run(main, words)
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line
