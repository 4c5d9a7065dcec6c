"""Measure every stage in CPU seconds and against a reference inside the same run."""
