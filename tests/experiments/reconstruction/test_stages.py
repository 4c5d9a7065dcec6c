from __future__ import annotations

import threading

import pytest

from experiments.reconstruction.stages import StageClock


def test_parts_of_stages_run_beside_the_others_in_order_and_are_waited_for() -> None:
    clock, opened = StageClock(), threading.Event()
    done: list[str] = []

    def first() -> None:
        opened.wait(10)
        done.append("first")

    def full() -> None:
        raise OSError("the disk is full")

    clock.beside("write", first)
    clock.beside("mesh", full)
    clock.beside("write", lambda: done.append("last"))
    with clock.stage("bump"):
        assert not done
        opened.set()
    with pytest.raises(OSError, match="full"):
        clock.finish()
    assert done == ["first", "last"]
    statuses = {name: row["status"] for name, row in clock.table().items()}
    assert (statuses["write"], statuses["bump"], statuses["mesh"], statuses["fill"]) == (
        "ok",
        "ok",
        "failed",
        "skipped",
    )
    assert clock.failed == "mesh"


def test_a_failed_part_ends_the_face_before_the_next_stage() -> None:
    clock = StageClock()

    def full() -> None:
        raise OSError("the disk is full")

    clock.beside("write", full)
    clock.wait()
    with pytest.raises(OSError, match="full"), clock.stage("bump"):
        pytest.fail("the stage was begun")
    statuses = {name: row["status"] for name, row in clock.table().items()}
    assert (statuses["write"], statuses["bump"]) == ("failed", "skipped")
    assert [str(fault) for fault in clock.faults()] == ["the disk is full"]


def test_the_seconds_of_a_stage_are_those_of_its_parts() -> None:
    clock = StageClock()
    with clock.stage("read"):
        pass
    clock.beside("write", lambda: sum(range(100_000)))
    with clock.stage("write"):
        sum(range(100_000))
    clock.finish()
    clock.reuse("bump")
    clock.tell("bump", "as it was")
    table = clock.table()
    assert table["write"]["cpu_seconds"] > 0 and clock.seconds > table["write"]["seconds"] / 2 > 0
    assert table["bump"] == {"status": "reused", "seconds": 0.0, "note": "as it was"}
    other = clock.copy()
    assert other.table() == table and other.seconds > sum(row["seconds"] for row in table.values()) - 0.001
