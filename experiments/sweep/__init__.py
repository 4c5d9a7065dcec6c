"""Many trainings of one kind: a grid of settings or a list of runs, each for some seeds."""
