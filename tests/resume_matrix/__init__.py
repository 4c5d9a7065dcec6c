"""Trainings killed at random points, resumed, and compared bit for bit with undisturbed ones."""
