"""What was measured on the faces that the sheet of an evaluation shows, for whoever cuts it into faces again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

_LEFT_OUT = ("set", "twin")


def sheet_facts(names: Iterable[str], rows: Mapping[str, np.ndarray]) -> list[dict[str, Any]]:
    """Return for each face of a sheet, in its order, the columns that have one value an image.

    Args:
        names: ids of the faces.
        rows: columns of all images, with ``id``; what is not known of a face is NaN.
    """
    place = {str(name): row for row, name in enumerate(rows["id"])}
    columns = {name: values for name, values in rows.items() if values.ndim == 1 and name not in _LEFT_OUT}
    return [
        {column: values[place[name]].item() for column, values in columns.items()} if name in place else {"id": name}
        for name in map(str, names)
    ]
