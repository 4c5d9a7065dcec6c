"""Size of the crops that a preparation stores, if its settings say no other."""

DEFAULT_SIDE = 256
"""Height and width, pixels."""
DEFAULT_FIELD = 256 / 224
"""Room around the face for shifts, turns and scales: the stored crop shows this much more than FOCUS' crop."""
