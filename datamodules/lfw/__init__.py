"""Labelled Faces in the Wild: 6,000 pairs of photos, of the same person or of two."""
