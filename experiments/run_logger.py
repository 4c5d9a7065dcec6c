"""Metrics in the folder of a run: one row a logged step, exactly once, however often the run was interrupted."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Mapping
from itertools import takewhile
from typing import Any

from pytorch_lightning.loggers import Logger
from pytorch_lightning.utilities.rank_zero import rank_zero_only

from experiments.run_folder import RunFolder
from seethrough.errors import SeethroughError


class RunLogger(Logger):
    """Append metrics to ``metrics.csv`` of a run folder.

    Lightning's CSVLogger deletes the rows of earlier sessions; this one keeps them when a run goes on, except those
    that came after the checkpoint it goes on from: they will come again.

    Attributes:
        rows: rows in the file that belong to the run.
    """

    def __init__(self, run: RunFolder) -> None:
        super().__init__()
        self.run = run
        self.rows = 0
        self._columns: list[str] | None = None
        self._kept: int | None = None

    @property
    def name(self) -> str:
        """The name of the run."""
        return self.run.name

    @property
    def version(self) -> str:
        """Empty: a run folder has no versions."""
        return ""

    @property
    def save_dir(self) -> str:
        """The run folder."""
        return str(self.run.path)

    @rank_zero_only
    def log_hyperparams(self, *args: Any, **kwargs: Any) -> None:
        """Do nothing: ``config.yaml`` has them."""

    def go_on(self, rows: int, step: int) -> None:
        """Keep the first ``rows`` rows, and the whole ones of ``step`` behind; others go when the first new one comes.

        What a module logs by ``self.log`` is written only after the checkpoint of its step.
        """
        there = self._read()
        behind = takewhile(lambda row: int(float(row["step"] or 0)) == step, there[rows:])
        self.rows = self._kept = min(rows, len(there)) + len(list(behind))

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Append one row; a new metric adds a column.

        Raises:
            SeethroughError: it cannot be written.
        """
        row = {"step": step, **{key: float(value) for key, value in metrics.items()}}
        row["step"] = int(metrics.get("step", step or 0))
        try:
            self._append(row)
        except OSError as error:
            reason = error.strerror or error
            raise SeethroughError(
                f"cannot write {self.run.metrics}: {reason}; make room for it: with resume=auto the training goes on "
                "from its last checkpoint"
            ) from None
        self.rows += 1

    @rank_zero_only
    def force(self) -> None:
        """Force the rows to the disk, as a checkpoint that counts on them is."""
        if self.run.metrics.is_file():
            descriptor = os.open(self.run.metrics, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def _append(self, row: dict[str, Any]) -> None:
        if self._columns is None:
            self._columns = self._take_up(row["step"])
        new = [key for key in row if key not in self._columns]
        if new:
            self._columns += new
            self._write(self._read())
        with self.run.metrics.open("a", newline="", encoding="utf-8") as file:
            csv.DictWriter(file, self._columns).writerow(row)

    def _take_up(self, step: int) -> list[str]:
        """Return the columns that are there, after dropping rows that will come again, from ``step`` on at least."""
        if not self.run.metrics.is_file():
            self.rows = 0
            return []
        rows = self._read()
        self._columns = list(rows[0]) if rows else []
        if self._kept is None:
            rows = [row for row in rows if int(float(row["step"] or 0)) < step]
        else:
            rows = rows[: self._kept]
        self.rows = len(rows)
        self._write(rows)
        return self._columns

    def _read(self) -> list[dict[str, str]]:
        """Return the rows without a last one that was written in part, as by a machine that lost its power."""
        if not self.run.metrics.is_file():
            return []
        with self.run.metrics.open(newline="", encoding="utf-8") as file:
            lines = list(file)
        if lines and not lines[-1].endswith("\n"):
            lines.pop()
        rows = list(csv.DictReader(lines))
        return rows[:-1] if rows and None in rows[-1].values() else rows

    def _write(self, rows: Iterable[Mapping[str, Any]]) -> None:
        temporary = self.run.metrics.with_suffix(".partial")
        with temporary.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, self._columns or ["step"])
            writer.writeheader()
            writer.writerows(rows)
        os.replace(temporary, self.run.metrics)
