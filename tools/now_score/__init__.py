"""Scores meshes as the NoW challenge does."""
