"""Read named arrays out of MATLAB files, with errors that a user can act on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.io import loadmat

from seethrough.errors import SeethroughError


def read_matlab_arrays(path: Path, keys: Sequence[str], kind: str) -> dict[str, np.ndarray]:
    """Read numeric arrays from a MATLAB 4 to 7.2 file (no object is ever unpickled).

    Args:
        path: the ``.mat`` file.
        keys: the variables that must be there.
        kind: what the file should be and where it comes from, for the error message.

    Raises:
        SeethroughError: missing, damaged, of another kind, or without one of the variables.
    """
    if not path.is_file():
        raise SeethroughError(f"{path}: no such file; expected {kind}")
    try:
        content = loadmat(path, variable_names=list(keys))
    except NotImplementedError:
        raise SeethroughError(f"{path}: saved as MATLAB 7.3 (HDF5); save it as version 7; expected {kind}") from None
    # A damaged file makes scipy fail in many ways: zlib.error, struct.error, TypeError, MatReadError, MemoryError ...
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise SeethroughError(
            f"{path}: not a readable MATLAB file, truncated or of another kind ({reason}); expected {kind}"
        ) from error
    missing = [key for key in keys if key not in content]
    if missing:
        raise SeethroughError(f"{path}: no {', '.join(missing)} in the file; expected {kind}")
    for key in keys:
        if not isinstance(content[key], np.ndarray) or content[key].dtype.kind not in "fiu":
            raise SeethroughError(f"{path}: {key} does not hold numbers; expected {kind}")
    return {key: content[key] for key in keys}
