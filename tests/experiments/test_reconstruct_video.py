"""Videos by the command: a clip of a rendered face whose pose is known, gaps in it, and how mistakes are told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from experiments.reconstruct import main
from experiments.reconstruction.video_frames import MARK, video_frames
from seethrough.errors import SeethroughError

FAST = ["--checkpoint", "none", "--refine", "0", "--level", "0"]


def pictures(folder: Path, count: int) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(1, count + 1):
        Image.new("RGB", (40, 30), (number, 0, 0)).save(folder / f"frame{number}.png")
    return folder


def test_frames_of_a_folder_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    found = video_frames(pictures(tmp_path / "clip", 12), tmp_path / "cut")
    assert [path.stem for path in found.paths] == [f"frame{number}" for number in range(1, 13)]
    assert [path.stem for path in video_frames(tmp_path / "clip", tmp_path, every=5).paths] == [
        "frame1", "frame6", "frame11",
    ]  # fmt: skip
    assert not (tmp_path / "cut").exists()


def test_an_animation_is_cut_into_frames(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (20, 20), (40 * number, 0, 0)) for number in range(5)]
    frames[0].save(tmp_path / "clip.gif", save_all=True, append_images=frames[1:], duration=100)
    video_frames(tmp_path / "clip.gif", tmp_path / "cut")
    (tmp_path / "cut" / "notes.txt").touch()
    found = video_frames(tmp_path / "clip.gif", tmp_path / "cut", every=2)
    assert [path.name for path in found.paths] == ["00001.png", "00003.png", "00005.png"]
    assert sorted(path.name for path in (tmp_path / "cut").iterdir()) == [
        MARK, *(path.name for path in found.paths), "notes.txt",
    ]  # fmt: skip
    assert not (tmp_path / "cut.partial").exists()
    assert found.milliseconds == 200
    assert np.abs(np.asarray(Image.open(found.paths[1]))[..., 0].astype(int) - 80).max() < 10


def test_frames_that_somebody_else_has_cut_stay(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (20, 20), (40 * number, 0, 0)) for number in range(3)]
    frames[0].save(tmp_path / "clip.gif", save_all=True, append_images=frames[1:])
    theirs = tmp_path / "frames" / "00009.png"
    theirs.parent.mkdir()
    theirs.write_bytes(b"by ffmpeg")
    with pytest.raises(SeethroughError, match="did not cut what is in there"):
        video_frames(tmp_path / "clip.gif", tmp_path / "frames")
    assert theirs.read_bytes() == b"by ffmpeg"


def test_a_cut_that_breaks_off_leaves_the_earlier_frames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: Path) -> tuple[Iterator[np.ndarray], float]:
        def frames() -> Iterator[np.ndarray]:
            yield np.zeros((4, 4, 3), np.uint8)
            raise OSError("the disk is full")

        return frames(), 40.0

    frames = [Image.new("RGB", (20, 20), (40 * number, 0, 0)) for number in range(3)]
    frames[0].save(tmp_path / "clip.gif", save_all=True, append_images=frames[1:])
    before = [path.read_bytes() for path in video_frames(tmp_path / "clip.gif", tmp_path / "cut").paths]
    monkeypatch.setattr("experiments.reconstruction.video_frames._animation", broken)
    with pytest.raises(SeethroughError, match="disk is full"):
        video_frames(tmp_path / "clip.gif", tmp_path / "cut")
    assert [path.read_bytes() for path in sorted((tmp_path / "cut").glob("*.png"))] == before
    assert not (tmp_path / "cut.partial").exists()


def test_a_video_file_is_read_by_opencv(tmp_path: Path) -> None:
    cv2 = pytest.importorskip("cv2")
    writer = cv2.VideoWriter(str(tmp_path / "clip.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 10.0, (64, 48))
    for number in range(4):
        writer.write(np.full((48, 64, 3), (0, 0, 60 * number), np.uint8))  # red
    writer.release()
    found = video_frames(tmp_path / "clip.avi", tmp_path / "cut")
    assert len(found.paths) == 4 and found.milliseconds == pytest.approx(100)
    red = np.asarray(Image.open(found.paths[3]))
    assert red.shape == (48, 64, 3) and np.abs(red.mean((0, 1)) - [180, 0, 0]).max() < 8


def test_mistakes_are_told_in_one_line_each(tmp_path: Path) -> None:
    def refused(told: str, *options: str) -> None:
        with pytest.raises(SeethroughError, match=told) as caught:
            main(["--out", str(tmp_path / "out"), *FAST, *options])
        assert "\n" not in str(caught.value)

    (tmp_path / "clip.mp4").write_bytes(b"not a video" * 100)
    (tmp_path / "clip.gif").write_bytes(b"GIF89a, or not")
    Image.new("RGB", (20, 20)).save(tmp_path / "one.png")
    (tmp_path / "empty").mkdir()
    refused("clip.mp4: cannot be read as a video|needs OpenCV", "--video", str(tmp_path / "clip.mp4"))
    refused("clip.gif: cannot be read as an animation", "--video", str(tmp_path / "clip.gif"))
    refused("one.png: one picture is no video", "--video", str(tmp_path / "one.png"))
    refused("empty: no frames in this folder", "--video", str(tmp_path / "empty"))
    refused("nowhere: no such video", "--video", str(tmp_path / "nowhere"))
    refused("and not both", str(tmp_path / "one.png"), "--video", str(tmp_path / "empty"))
    refused("name photos, or one video")
    refused("--every is about videos", str(tmp_path / "one.png"), "--every", "2")
    refused("--smoothing is about videos", str(tmp_path / "one.png"), "--smoothing", "2")
    refused("tracks one person", "--video", str(tmp_path / "empty"), "--faces", "all")
    refused("clip: no face in any of 2 frames", "--video", str(pictures(tmp_path / "clip", 2)))
    again = "--detail --shading --stages bump..".split()
    refused("--video tracks anew each time", "--video", str(tmp_path / "clip"), *again)


def clip_of(folder: Path, count: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Write frames of one rendered person who turns; return the true landmarks, px, and rotations."""
    from seethrough.morphable import FaceParameters, load_face_model
    from seethrough.rendering import Camera, FaceRenderer, rotation_matrix

    model = load_face_model("open", level=1)
    size = 320
    renderer = FaceRenderer(model, Camera(1014.72 * size / 224 * 0.8, size, size))
    noise = np.random.default_rng(0)
    folder.mkdir(parents=True)
    ground = np.kron(noise.uniform(0.3, 0.6, (8, 8, 3)), np.ones((size // 8, size // 8, 1)))
    landmarks, rotations = [], []
    face = FaceParameters.zeros(model.sizes)
    face.identity[0, :6] = torch.tensor([1.0, -0.8, 0.6, 0.9, -0.5, 0.4])
    for number in range(count):
        share = number / (count - 1)
        one = face.with_changes(
            rotation=torch.tensor([[0.1 * np.sin(4 * share), 0.5 * share - 0.25, 0.1 * share]], dtype=torch.float32),
            translation=torch.tensor([[15 * share - 8, 6 * np.sin(5 * share), 0.0]], dtype=torch.float32),
        )
        with torch.no_grad():
            drawn = renderer(one)
        picture, mask = drawn.image[0].permute(1, 2, 0).numpy(), drawn.mask[0, 0].numpy()[..., None]
        picture = np.clip(picture, 0, 1) * mask + ground * (1 - mask) + noise.normal(0, 0.02, picture.shape)
        Image.fromarray((np.clip(picture, 0, 1) * 255).astype(np.uint8)).save(folder / f"{number}.png")
        landmarks.append(drawn.landmarks[0].numpy())
        rotations.append(rotation_matrix(one.rotation)[0].numpy())
    return landmarks, rotations


@pytest.mark.slow
def test_a_track_jitters_less_than_its_frames_and_errs_no_more(tmp_path: Path) -> None:
    from scipy.spatial.transform import Rotation

    from seethrough.rendering import rotation_matrix

    count = 14
    landmarks, rotations = clip_of(tmp_path / "clip", count)
    Image.new("RGB", (320, 320)).save(tmp_path / "clip" / "5.png")  # a gap
    (tmp_path / "clip" / "9.png").write_bytes(b"torn")
    out = tmp_path / "out"
    options = ["--out", str(out), "--level", "0", "--refine", "15", "--json", str(out / "rows.json")]
    assert main(["--video", str(tmp_path / "clip"), *options]) == 1
    rows = json.loads((out / "rows.json").read_text())
    assert [row["status"] for row in rows] == ["failed" if number == 9 else "ok" for number in range(count)]
    assert [row["track"]["found"] for row in rows] == [number not in (5, 9) for number in range(count)]
    assert "cannot be decoded" in rows[9]["reason"] or "not an image" in rows[9]["reason"]
    with Image.open(out / "preview.gif") as preview:
        assert preview.n_frames == count - 1 and preview.size == (768, 256)  # pyright: ignore
    track = json.loads((out / "track.json").read_text())
    known = [number for number in range(count) if number not in (5, 9)]

    def turned(name: str) -> np.ndarray:
        angles = torch.tensor([track["frames"][number][name]["rotation"] for number in known])
        return rotation_matrix(angles).numpy()

    def error(found: np.ndarray) -> np.ndarray:
        true = Rotation.from_matrix(np.stack([rotations[number] for number in known]))
        return (true.inv() * Rotation.from_matrix(found)).as_rotvec(degrees=True)

    by_itself, smoothed = error(turned("by_itself")), error(turned("smoothed"))
    assert np.linalg.norm(smoothed, axis=1).mean() <= np.linalg.norm(by_itself, axis=1).mean()
    jitter = [np.linalg.norm(np.diff(each, axis=0), axis=1).mean() for each in (by_itself, smoothed)]
    assert jitter[1] < 0.8 * jitter[0]
    files = [json.loads(Path(rows[number]["outputs"]["parameters"]).read_text()) for number in (0, *known, 5)]
    assert len({tuple(file["identity"]["values"]) for file in files}) == 1
    off = [
        np.linalg.norm(np.array(f["landmarks"]["fitted"]) - landmarks[n], axis=1).mean()
        for f, n in zip(files[1:], [*known, 5], strict=True)
    ]
    assert np.mean(off) < 6.0 and off[-1] < 8.0  # px of 320
