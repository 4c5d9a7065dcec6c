"""Packed checkpoints: writing them, and saying what a checkpoint is."""
