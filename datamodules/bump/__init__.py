"""Bump maps that ``python -m tools.bump_targets`` made of photos."""
