"""How pictures are compressed."""

from __future__ import annotations

import zlib
from typing import Any

SMOOTH_PNG: dict[str, Any] = {"compress_level": 4, "compress_type": zlib.Z_RLE}
"""What Pillow saves photos, textures and maps with: after PNG's filters they repeat hardly more than single bytes.

Looking for no more than these is quicker, and such files grow by a tenth at most; see :data:`DRAWN_PNG` for others."""

DRAWN_PNG: dict[str, Any] = {"compress_level": 4}
"""What Pillow saves masks and drawings with letters with: their even areas repeat, which is worth looking for, but less
long than at Pillow's own level 6."""
