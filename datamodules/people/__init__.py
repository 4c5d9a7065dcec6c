"""The same people in several pictures each, by their bump maps: a set for recognition that needs no licence."""
