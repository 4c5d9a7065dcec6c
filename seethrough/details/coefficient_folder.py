"""Coefficient files of many faces: which one belongs to which face."""

from __future__ import annotations

import hashlib
from pathlib import Path

from seethrough.details.coefficient_file import SUFFIXES, FaceCoefficients, read_coefficients
from seethrough.errors import SeethroughError


class CoefficientFiles:
    """One coefficient file for a face, or a folder of files that are called as the faces are.

    Args:
        path: the file or the folder.

    Raises:
        SeethroughError: there is neither, or the folder holds no coefficient file.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if not self.path.exists():
            raise SeethroughError(f"{path}: no such coefficient file or folder of them; check the path")
        if self.path.is_dir() and not self._files():
            raise SeethroughError(f"{path}: holds no coefficient file ({', '.join(SUFFIXES)}) to take foundations from")

    @property
    def single(self) -> bool:
        """Whether it is one file, which is of one face."""
        return self.path.is_file()

    def of(self, name: str) -> FaceCoefficients:
        """Return the coefficients of the face ``name``.

        Raises:
            SeethroughError: as :meth:`file_of` and :func:`read_coefficients`.
        """
        return read_coefficients(self.file_of(name))

    def file_of(self, name: str) -> Path:
        """Return the file of the face ``name``.

        Raises:
            SeethroughError: the folder has no file, or several, of that name.
        """
        if self.single:
            return self.path
        known = {suffix: self.path / f"{name}{suffix}" for suffix in SUFFIXES}
        found = [file for file in known.values() if file.is_file() and file.parent.resolve() == self.path.resolve()]
        if len(found) != 1:
            names = " or ".join(file.name for file in (found or known.values()))
            what = "several files of one face" if found else "no coefficients of a face"
            raise SeethroughError(f"{self.path}: {what}, {name}: give one of {names}")
        return found[0]

    def digest(self) -> str:
        """Return a hash of names and contents, which tells other coefficients from these."""
        return coefficients_digest(*([self.path] if self.single else self._files()))

    def _files(self) -> list[Path]:
        return sorted(file for file in self.path.iterdir() if file.suffix.lower() in SUFFIXES and file.is_file())


def coefficients_digest(*files: Path) -> str:
    """Return a hash of names and contents of coefficient files."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.name}\0{file.stat().st_size}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:32]
