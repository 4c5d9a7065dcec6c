from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from datamodules.photos.config import PhotoConfig
from datamodules.photos.faults import Fault
from datamodules.photos.manifest import read_manifest
from datamodules.photos.prepared_folder import is_prepared, read_prepared_folder
from datamodules.photos.preparing import PreparationRun, PreparationSettings, carry_out, prepare
from datamodules.photos.preparing.contact_sheet import _caption
from datamodules.photos.preparing.journal import Journal
from datamodules.photos.preparing.of_config import preparation_of
from datamodules.photos.preparing.stored_face import FaceStore
from datamodules.photos.preparing.worker import ChunkWorker, make_worker
from datamodules.photos.record import Listing, PhotoFile
from seethrough.errors import SeethroughError
from seethrough.photos import FaceDetector
from tests.datamodules.photos.preparing.small_photos import SETTINGS, MadePhoto, file_listing, made_listing, write_photo


def run(listing: Listing, out: Path, settings: PreparationSettings = SETTINGS, **options):
    return prepare(listing, out, settings, "made", "made", jobs=1, progress=False, **options)


def files(out: Path) -> dict[str, bytes]:
    return {p.relative_to(out).as_posix(): p.read_bytes() for p in sorted(out.rglob("*")) if p.is_file()}


def test_rows_stand_in_the_order_of_the_listing_and_say_where_the_crop_lies(tmp_path: Path) -> None:
    listing = made_listing(60, broken=(7, 41))
    report = run(listing, tmp_path)
    rows = list(read_manifest(tmp_path / "manifest.jsonl"))
    whole = [record for number, record in enumerate(listing.records) if number not in (7, 41)]
    assert [row.id for row in rows] == [record.id for record in whole]
    assert [(row.split, row.identity, row.subset) for row in rows] == [(r.split, r.identity, r.subset) for r in whole]
    for row, record in zip(rows, whole, strict=True):
        in_photo = (row.landmarks - SETTINGS.side / 2) / row.scale + row.centre
        np.testing.assert_allclose(in_photo, record.landmarks, atol=2e-3)
        assert not row.detected
        assert row.photo_size == (48, 48)
    skipped = [json.loads(line) for line in (tmp_path / "skipped.jsonl").read_text().splitlines()]
    assert [row["id"] for row in skipped] == ["000007", "000041"]
    assert skipped[0]["reason"] == "made/broken: the image cannot be decoded"
    assert (report.found, report.skipped, report.masked) == (58, 2, 58)
    assert report.why == {"the photo cannot be read": 2}
    assert sum(report.splits.values()) == 58
    facts = read_prepared_folder(tmp_path)
    assert (facts.count, facts.skipped, facts.side) == (58, 2, 32)
    assert not (tmp_path / ".preparing").exists()


def test_crop_and_mask_show_the_photo_at_the_place_that_the_row_says(tmp_path: Path) -> None:
    run(made_listing(1), tmp_path, replace(SETTINGS, quality=100))
    row = next(read_manifest(tmp_path / "manifest.jsonl"))
    photo = Image.fromarray(MadePhoto(0).read())
    half = SETTINGS.side / 2 / row.scale
    (x, y) = row.centre
    box = (x - half, y - half, x + half, y + half)
    assert 0 < box[0] and box[2] < 48, "this test wants a crop inside the photo"
    expected = np.asarray(photo.resize((32, 32), Image.Resampling.BICUBIC, box=box), dtype=float)
    stored = np.asarray(Image.open(tmp_path / row.crop), dtype=float)
    assert np.abs(stored - expected).mean() < 25, "noise through a JPEG; an unrelated crop differs by 60"
    assert row.mask is not None
    mask = np.asarray(Image.open(tmp_path / row.mask), dtype=float)
    edge = (24 - x) * row.scale + 16  # the visible half ends at x = 24 in the photo
    assert (mask[:, : int(edge) - 1] == 255).all()
    assert (mask[:, int(edge) + 2 :] == 0).all()


def test_field_widens_the_crop_about_its_middle(tmp_path: Path) -> None:
    run(made_listing(1), tmp_path / "narrow", replace(SETTINGS, field=1.0))
    run(made_listing(1), tmp_path / "wide", replace(SETTINGS, field=2.0))
    narrow, wide = (next(read_manifest(tmp_path / name / "manifest.jsonl")) for name in ("narrow", "wide"))
    assert narrow.scale == pytest.approx(2 * wide.scale, rel=1e-5)
    assert narrow.centre == wide.centre


def test_second_run_does_nothing_and_counts_again(tmp_path: Path) -> None:
    report = run(made_listing(30, broken=(3,)), tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.jp*g")}
    assert run(made_listing(30, broken=(3,)), tmp_path) == report
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.jp*g")} == before


@pytest.mark.slow
def test_several_processes_write_the_same_bytes_as_one(tmp_path: Path) -> None:
    run(made_listing(40, broken=(3,)), tmp_path / "one")
    prepare(made_listing(40, broken=(3,)), tmp_path / "two", SETTINGS, "made", "made", jobs=2, progress=False)
    assert files(tmp_path / "one") == files(tmp_path / "two")


def test_added_mended_and_removed_photos_cost_their_own_chunks_only(tmp_path: Path) -> None:
    raw, out, fresh = tmp_path / "raw", tmp_path / "out", tmp_path / "fresh"
    raw.mkdir()
    for number in range(80):
        write_photo(raw / f"{number:03d}.png", number)
    (raw / "020.png").write_bytes((raw / "020.png").read_bytes()[:200])
    assert run(file_listing(raw), out).skipped == 1
    removed_id = "060"
    crop = next(out.glob(f"crops/*/{removed_id}.jpg"))
    before = {path: path.stat().st_ino for path in out.glob("crops/*/*.jpg")}
    write_photo(raw / "020.png", 20)
    write_photo(raw / "040b.png", 1000)
    (raw / f"{removed_id}.png").unlink()

    report = run(file_listing(raw), out)
    assert (report.found, report.skipped) == (80, 0)
    assert not crop.exists()
    after = {path: path.stat().st_ino for path in out.glob("crops/*/*.jpg")}
    done_again = sum(before.get(path) != inode for path, inode in after.items())
    assert 2 <= done_again <= 3 * 32 and done_again < 60, "the three chunks that changed"
    run(file_listing(raw), fresh)
    assert files(out) == files(fresh)


def test_photo_that_may_be_read_by_now_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw, out = tmp_path / "raw", tmp_path / "out"
    raw.mkdir()
    write_photo(raw / "0.png", 0)
    write_photo(raw / "1.png", 1)
    secret, read = raw / "1.png", PhotoFile.read

    def refused(photo: PhotoFile) -> np.ndarray:
        if photo.path == secret:
            raise SeethroughError(f"{secret}: Permission denied")
        return read(photo)

    with monkeypatch.context() as patched:  # whoever runs the tests may be allowed everything
        patched.setattr(PhotoFile, "read", refused)
        patched.setattr("os.access", lambda path, mode: path != secret)
        assert run(file_listing(raw), out).skipped == 1
    assert run(file_listing(raw), out).skipped == 0, "size and date have not changed"


def test_detector_that_is_not_installed_is_the_fault_of_no_photo(tmp_path: Path) -> None:
    def missing() -> FaceDetector:
        raise SeethroughError("the detector is not installed")

    photos = Listing([replace(record, landmarks=None) for record in made_listing(3).records])
    preparation = PreparationRun(photos, tmp_path, data_set="made", root="made", settings=SETTINGS)
    preparation.make_worker = lambda out, settings, device: ChunkWorker(out, FaceStore(out, settings, missing))
    with pytest.raises(SeethroughError, match="the detector is not installed"):
        carry_out(preparation, jobs=1, progress=False)
    assert not (tmp_path / "preparation.json").exists(), "with the detector the same command goes on"


def test_listing_faults_are_refused_or_counted(tmp_path: Path) -> None:
    listing = Listing(made_listing(6).records, (Fault("list.txt row 4", "no such photo", "000004"),))
    with pytest.raises(SeethroughError, match=r"list.txt row 4: no such photo"):
        run(listing, tmp_path)
    assert not is_prepared(tmp_path)
    report = run(listing, tmp_path, skip_bad=True)
    assert (report.found, report.skipped) == (5, 1)
    assert report.why == {"the listing has a fault": 1}
    assert run(listing, tmp_path, skip_bad=True) == report
    mended = run(made_listing(6), tmp_path)
    assert (mended.found, mended.skipped) == (6, 0)


def test_folder_of_other_settings_is_kept_until_it_may_be_overwritten(tmp_path: Path) -> None:
    run(made_listing(20), tmp_path)
    kept = files(tmp_path)
    with pytest.raises(SeethroughError, match=r"holds a preparation with side=32, now it is 48.*--overwrite"):
        run(made_listing(20), tmp_path, replace(SETTINGS, side=48))
    assert files(tmp_path) == kept
    run(made_listing(9), tmp_path, replace(SETTINGS, side=48), overwrite=True)
    assert read_prepared_folder(tmp_path).side == 48
    assert len(list(tmp_path.glob("crops/*/*.jpg"))) == 9


def test_unfinished_folder_of_other_settings_is_refused_too(tmp_path: Path) -> None:
    begun = PreparationRun(made_listing(20), tmp_path, data_set="made", root="made", settings=SETTINGS)
    with begun.alone():
        begun.open()
    with pytest.raises(SeethroughError, match="holds a preparation with side=32"):
        run(made_listing(20), tmp_path, replace(SETTINGS, side=48))


def test_options_are_noted_when_a_folder_is_finished_and_in_one_that_was(tmp_path: Path) -> None:
    config = PhotoConfig(root="made", prepared=str(tmp_path), side=32)
    carry_out(preparation_of(config, "made", made_listing(4)), jobs=1, progress=False)
    assert read_prepared_folder(tmp_path).settings == {"search_side": 640, "quality": 95, "listing": {}}
    older = replace(read_prepared_folder(tmp_path), settings={"search_side": 640, "quality": 95})
    older.write(tmp_path)
    carry_out(preparation_of(config, "made", made_listing(4), automatic=True), jobs=1, progress=False)
    assert read_prepared_folder(tmp_path).settings == {**older.settings, "listing": {}, "automatic": True}
    carry_out(preparation_of(config, "made", made_listing(5)), jobs=1, progress=False)
    assert "automatic" not in read_prepared_folder(tmp_path).settings, "somebody has looked at the table since"


def test_only_one_process_prepares_a_folder(tmp_path: Path) -> None:
    first = PreparationRun(made_listing(3), tmp_path, data_set="made", root="made", settings=SETTINGS)
    with first.alone(), pytest.raises(SeethroughError, match="another process is preparing this folder"):
        run(made_listing(3), tmp_path)


def test_vanished_crop_and_damaged_entry_are_done_again(tmp_path: Path) -> None:
    listing = made_listing(30)
    run(listing, tmp_path / "undisturbed")
    half = PreparationRun(listing, tmp_path / "out", data_set="made", root="made", settings=SETTINGS)
    with half.alone():
        half.open()
        work = make_worker(half.out, SETTINGS)
        for chunk in half.pending():
            work.chunk(half.task(chunk))
    next((tmp_path / "out").glob("crops/*/*.jpg")).unlink()
    entry = Journal(half.out).path(half.chunks[-1].key)
    entry.write_bytes(entry.read_bytes()[:-30])
    run(listing, tmp_path / "out")
    assert files(tmp_path / "out") == files(tmp_path / "undisturbed")


def test_finish_refuses_while_a_chunk_is_not_done(tmp_path: Path) -> None:
    begun = PreparationRun(made_listing(40), tmp_path, data_set="made", root="made", settings=SETTINGS)
    with begun.alone():
        begun.open()
        with pytest.raises(SeethroughError, match="parts are not done; run the same command again"):
            begun.finish()
    assert not is_prepared(tmp_path)


def test_contact_sheet_shows_at_most_48_faces_with_green_landmarks(tmp_path: Path) -> None:
    run(made_listing(50), tmp_path)
    sheet = np.asarray(Image.open(io.BytesIO((tmp_path / "contact_sheet.jpg").read_bytes())), dtype=int)
    assert sheet.shape == (15 + 6 * 160, 8 * 160, 3)
    sheet = sheet[15:]  # below what red means
    green = (sheet[:, :, 1] > sheet[:, :, 0] + 60) & (sheet[:, :, 1] > sheet[:, :, 2] + 40)
    assert green.reshape(6, 160, 8, 160).any(axis=(1, 3)).all()
    strips = sheet.reshape(6, 160, 8, 160, 3)[:, 145:].min(axis=-1) > 200
    assert (strips.sum(axis=(1, 3)) > 20).all(), "each face has its id below it, white on black"
    assert not np.array_equal(strips[0, :, 0], strips[0, :, 1]), "its own"


def test_captions_fit_below_a_face() -> None:
    text, font = _caption("a__folder__of__photos__with__a__long__name__IMG_20230101.jpg")
    assert text.startswith("...") and text.endswith("IMG_20230101.jpg") and font.getlength(text) <= 154
    assert _caption("m-001-08")[0] == "m-001-08" and _caption("Zoé")[0] == "Zo?"


def test_nothing_to_prepare_and_impossible_settings_are_told(tmp_path: Path) -> None:
    with pytest.raises(SeethroughError, match="lists no face"):
        run(Listing([]), tmp_path)
    with pytest.raises(SeethroughError, match="side=8"):
        PreparationSettings(side=8)
    with pytest.raises(SeethroughError, match=r"field=0.5"):
        PreparationSettings(field=0.5)
    with pytest.raises(SeethroughError, match="unknown face detector 'eyes'"):
        PreparationSettings(detector="eyes")
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(SeethroughError, match=r"file: cannot be written \("):
        run(made_listing(3), blocked)


def begun(listing: Listing, out: Path, chunks: int) -> PreparationRun:
    """Prepare the first chunks of a listing and stop there, as a kill would."""
    started = PreparationRun(listing, out, data_set="made", root="made", settings=SETTINGS)
    with started.alone():
        started.open()
        work = make_worker(out, SETTINGS)
        for chunk in started.pending()[:chunks]:
            work.chunk(started.task(chunk))
    return started


@pytest.mark.parametrize("finished", [True, False])
def test_crops_of_a_listing_that_was_begun_in_between_are_made_again(tmp_path: Path, finished: bool) -> None:
    listing, out = made_listing(40), tmp_path / "out"
    run(listing, tmp_path / "undisturbed")
    run(listing, out) if finished else begun(listing, out, 4)
    moved = Listing([replace(r, landmarks=r.landmarks + 5) for r in made_listing(44).records])
    begun(moved, out, 3)
    run(listing, out)
    assert files(out) == files(tmp_path / "undisturbed")


def test_crop_of_a_photo_that_became_unreadable_is_removed(tmp_path: Path) -> None:
    run(made_listing(40), tmp_path / "out")
    broken = made_listing(40)
    other = [
        replace(r, source=made_listing(1, (0,)).records[0].source) if n == 7 else r
        for n, r in enumerate(broken.records)
    ]
    assert run(Listing(other), tmp_path / "out").skipped == 1
    run(Listing(other), tmp_path / "fresh")
    assert files(tmp_path / "out") == files(tmp_path / "fresh")


@pytest.mark.parametrize("damage", ["crop", "empty mask", "manifest", "skipped.jsonl", ".chunks.jsonl"])
def test_damaged_finished_folder_is_repaired(tmp_path: Path, damage: str) -> None:
    listing = made_listing(40, broken=(3,))
    run(listing, tmp_path)
    whole = files(tmp_path)
    if damage == "crop":
        next(tmp_path.glob("crops/*/000012.jpg")).unlink()
    elif damage == "empty mask":
        next(tmp_path.glob("masks/*/000012.png")).write_bytes(b"")
    elif damage == "manifest":
        lines = (tmp_path / "manifest.jsonl").read_bytes().splitlines(keepends=True)
        (tmp_path / "manifest.jsonl").write_bytes(b"".join(lines[:9] + lines[10:]))
    else:
        (tmp_path / damage).unlink()
    kept = next(tmp_path.glob("crops/*/000000.jpg")).stat().st_ino
    run(listing, tmp_path)
    assert files(tmp_path) == whole
    if damage == "crop":
        assert next(tmp_path.glob("crops/*/000000.jpg")).stat().st_ino == kept, "only its own chunk is done again"


def test_finished_folder_leaves_nothing_to_do_and_can_be_finished_again(tmp_path: Path) -> None:
    report = run(made_listing(40), tmp_path)
    again = PreparationRun(made_listing(40), tmp_path, data_set="made", root="made", settings=SETTINGS)
    with again.alone():
        assert again.open() == report
        assert again.pending() == [] == again.pending(1, 2)
        assert again.finish() == again.finish() == report
