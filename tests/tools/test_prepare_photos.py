from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from datamodules.photos.automatic_preparation import listing_options
from datamodules.photos.preparing import PreparationReport, PreparationRun
from datamodules.photos.preparing.processes import Task
from datamodules.photos.preparing.under_work import UnderWork, left_under_work
from datamodules.photos.preparing.worker import make_worker
from datamodules.photos.record import Listing
from seethrough.errors import SeethroughError
from tests.datamodules.photos.preparing.small_photos import SETTINGS, landmarks, made_listing, write_photo
from tools.prepare_photos.command import _tell, main
from tools.prepare_photos.source import read_source


def tree(folder: Path, count: int) -> Path:
    """Write photos of 48 px with Deep3D's five points beside them, or the 68 of FOCUS in a table."""
    (folder / "Dataset").mkdir(parents=True)
    rows = {"train": [], "val": [], "test": []}
    for number in range(count):
        write_photo(folder / "Dataset" / f"{number:03d}.png", number)
        Image.open(folder / "Dataset" / f"{number:03d}.png").save(folder / "Dataset" / f"{number:03d}.jpg")
        (folder / "Dataset" / f"{number:03d}.png").unlink()
        values = ",".join(f"{value:.2f}" for value in (landmarks() - 0.5).ravel())
        rows[("train", "val", "test")[number % 3]].append(f"Dataset/{number:03d}.jpg,{values}")
    for split, lines in rows.items():
        (folder / f"{split}_landmarks.csv").write_text("\n".join(lines) + "\n")
    return folder


def words(source: Path, out: Path, *more: str) -> list[str]:
    return ["data/focus_release", f"data.root={source}", "data.side=32", "--out", str(out), *more]


def files(out: Path) -> dict[str, bytes]:
    return {p.relative_to(out).as_posix(): p.read_bytes() for p in sorted(out.rglob("*")) if p.is_file()}


def test_data_set_is_prepared_and_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, out = tree(tmp_path / "raw", 12), tmp_path / "out"
    arguments = words(source, out, "--json", str(tmp_path / "counts.json"), "--jobs", "1", "--shards", "2")
    assert main(arguments) == 0
    said = capsys.readouterr().out
    assert "prepared" in said and "contact_sheet.jpg" in said
    assert "several faces" not in said, "its landmarks are the data set's own"
    counts = json.loads((tmp_path / "counts.json").read_text())
    assert (counts["found"], counts["skipped"], counts["shards"]) == (12, 0, 6)
    assert counts["splits"] == {"test": 4, "train": 4, "validation": 4}
    assert len(list((out / "shards").glob("*.tar"))) == 6
    noted = json.loads((out / "preparation.json").read_text())
    assert main(arguments) == 0  # finished: the same again, and its options still noted for trainings to compare
    assert json.loads((out / "preparation.json").read_text()) == noted
    assert noted["listing"] == listing_options(read_source(words(source, out)[:3], False).config)


def test_another_choice_of_photos_is_refused_and_another_spelling_of_the_folder_is_not(tmp_path: Path) -> None:
    source, out = tree(tmp_path / "raw", 6), tmp_path / "out"
    assert main(words(source, out, "--jobs", "1")) == 0
    crops = {name: data for name, data in files(out).items() if name.startswith("crops")}
    assert main(words(Path(f"{source}/../raw"), out, "--jobs", "1")) == 0
    before = files(out)
    assert len(crops) == 6 and crops.items() <= before.items()
    with pytest.raises(SeethroughError, match=r"prepared with data.test_table=.*now it is 'val_landmarks.csv'"):
        main([*words(source, out, "--jobs", "1"), "data.test_table=val_landmarks.csv"])
    assert files(out) == before


def test_exit_code_tells_skipped_photos(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, out = tree(tmp_path / "raw", 6), tmp_path / "out"
    photo = source / "Dataset" / "002.jpg"
    photo.write_bytes(photo.read_bytes()[:300])
    assert main(words(source, out, "--jobs", "1")) == 1
    assert "002.jpg: the image cannot be decoded" in capsys.readouterr().out
    assert main(words(source, out, "--jobs", "1", "--skip-bad")) == 0


@pytest.mark.parametrize(("faces", "told"), [(0, ""), (1, "1 photo with several"), (2, "2 photos with several")])
def test_several_faces_are_told_where_they_were(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], faces: int, told: str
) -> None:
    report = PreparationReport()
    for number in range(3):
        row = {"detected": True, "score": 1.0, "mask": None, "split": "train", "subset": ""}
        report.count_row(json.dumps(row | ({"several": True} if number < faces else {})).encode())
    _tell(report, tmp_path, 0)
    said = capsys.readouterr().out
    assert told in said and ("several faces" in said) == bool(faces)


def test_heic_is_skipped_as_a_damaged_photo_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    album, out = tmp_path / "album", tmp_path / "out"
    (album / "detections").mkdir(parents=True)
    write_photo(album / "a.png", 0)
    (album / "detections" / "a.txt").write_text("\n".join(f"{x - 0.5} {y - 0.5}" for x, y in landmarks()))
    (album / "b.HEIC").write_bytes(b"\0\0\0\x18ftypheic")
    assert main([str(album), "data.side=32", "--out", str(out), "--jobs", "1"]) == 1
    said = capsys.readouterr().out
    assert said.count("b.HEIC") == 1 and "b.HEIC: HEIC cannot be read here; make a JPEG" in said
    (row,) = map(json.loads, (out / "skipped.jsonl").read_text().splitlines())
    assert row["id"] == "b" and row["why"] == "the photo cannot be read"
    assert main([str(album), "data.side=32", "--out", str(out), "--jobs", "1", "--skip-bad"]) == 0


def test_faults_of_tables_come_one_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tree(tmp_path / "raw", 6)
    for name in ("000", "001"):
        (source / "Dataset" / f"{name}.jpg").unlink()
    with pytest.raises(SeethroughError, match=r"2 faults; mend"):
        main(words(source, tmp_path / "out", "--jobs", "1"))
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 2 and "train_landmarks.csv row 1" in lines[0] and "val_landmarks.csv row 1" in lines[1]
    assert main(words(source, tmp_path / "out", "--jobs", "1", "--skip-bad")) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "nowhere: no such file, folder or data config"),
        (["data/celebahq"], r"data/celebahq: .*did you mean 'data/celeba_hq'"),
        (["data/celeba_hq"], "say where the data set lies, by data.root=FOLDER"),
        (["data/celeba_hq", "data.root=/nowhere"], "/nowhere: no such file or folder; check data.root"),
        (["data/synthetic"], "not made of photos"),
        (["FOLDER", "FOLDER/x"], "give one source"),
        (["FOLDER", "data.sid=3"], "data.sid"),
        (["FOLDER", "--out", "FOLDER/crops"], "the next run would find its own"),
        (["FOLDER", "--jobs", "2", "--devices", "2"], "give one of them"),
    ],
)
def test_mistakes_are_told(tmp_path: Path, arguments: list[str], message: str) -> None:
    (tmp_path / "empty").mkdir()
    named = [word.replace("FOLDER", str(tmp_path / "empty")) for word in arguments]
    with pytest.raises(SeethroughError, match=message):
        main(named)


def test_folder_with_the_name_of_a_config_must_be_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data" / "lfw").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SeethroughError, match=r"data config and a folder here: write \./data/lfw"):
        main(["data/lfw"])


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "tools.prepare_photos", *arguments]


def children(parent: int) -> list[int]:
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(parent)], capture_output=True, text=True).stdout.split()
    return [int(pid) for pid in found] + [grand for pid in found for grand in children(int(pid))]


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks processes up in /proc")
def test_killed_command_leaves_no_process_behind_and_goes_on(tmp_path: Path) -> None:
    source = tree(tmp_path / "raw", 400)
    assert main(words(source, tmp_path / "undisturbed", "--jobs", "1")) == 0
    arguments = command(*words(source, tmp_path / "out", "--jobs", "2"))
    moments = np.random.default_rng(5)
    killed = 0
    for _ in range(4):
        process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 120
        while not list(tmp_path.glob("out/.preparing/chunks/*/*")) and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        time.sleep(moments.uniform(0, 0.3))
        workers = children(process.pid)
        process.send_signal(signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
        deadline = time.monotonic() + 30
        while any(map(alive, workers)):
            assert time.monotonic() < deadline, "a process outlives the command"
            time.sleep(0.05)
    assert killed >= 1, "or nothing is tested"
    subprocess.run(arguments, check=True, capture_output=True)
    assert files(tmp_path / "out") == files(tmp_path / "undisturbed")


@pytest.mark.slow
def test_two_nodes_prepare_a_folder_and_find_it_finished(tmp_path: Path) -> None:
    source = tree(tmp_path / "raw", 24)
    assert main(words(source, tmp_path / "one", "--jobs", "1")) == 0
    arguments = command(*words(source, tmp_path / "two", "--nodes", "2"))
    for attempt in range(2):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = str(free.getsockname()[1])
        shared = {**os.environ, "OMP_NUM_THREADS": "1", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
        processes = [
            subprocess.Popen(
                arguments, env={**shared, "NODE_RANK": str(rank)}, text=True,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            )
            for rank in range(2)
        ]  # fmt: skip
        said = [process.communicate(timeout=300)[0] for process in processes]
        assert [process.returncode for process in processes] == [0, 0], said
        assert "prepared" in said[0]
        if attempt == 0:
            before = {path: path.stat().st_ino for path in tmp_path.glob("two/crops/*/*")}
    assert files(tmp_path / "one") == files(tmp_path / "two")
    assert {path: path.stat().st_ino for path in tmp_path.glob("two/crops/*/*")} == before, "nothing is done twice"


def test_photo_that_killed_a_shared_preparation_is_named(tmp_path: Path) -> None:
    listing = made_listing(12)

    class Killed(BaseException):
        pass

    @dataclass(frozen=True)
    class Deadly:
        name: str = "made/deadly"

        def read(self) -> np.ndarray:
            raise Killed

    records = [replace(r, source=Deadly()) if n == 7 else r for n, r in enumerate(listing.records)]
    run = PreparationRun(Listing(records), tmp_path, data_set="made", root="made", settings=SETTINGS)
    with run.alone():
        run.open()
        worker = make_worker(tmp_path, SETTINGS)
        worker.mark = UnderWork(tmp_path, 1)
        deadly = next(chunk for chunk in run.chunks if chunk.start <= 7 < chunk.stop)
        with pytest.raises(Killed):
            worker.chunk(run.task(deadly))
    assert left_under_work(tmp_path) == ["000007 (made/deadly)"]
    assert left_under_work(tmp_path) == []
    worker.chunk(Task("another", listing.records))
    assert left_under_work(tmp_path) == [], "a finished chunk leaves no note"


@pytest.mark.slow
def test_two_devices_prepare_the_same_folder_as_one_process(tmp_path: Path) -> None:
    source = tree(tmp_path / "raw", 60)
    photo = source / "Dataset" / "011.jpg"
    photo.write_bytes(photo.read_bytes()[:300])
    assert main(words(source, tmp_path / "one", "--jobs", "1", "--skip-bad")) == 0
    arguments = command(
        *words(source, tmp_path / "two", "--devices", "2", "--skip-bad", "--json", str(tmp_path / "n.json"))
    )
    finished = subprocess.run(
        arguments, capture_output=True, text=True, timeout=400, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.count("listed") == 1, "only the first process speaks"
    assert files(tmp_path / "one") == files(tmp_path / "two")
    assert json.loads((tmp_path / "n.json").read_text())["found"] == 59
