"""Building the misfit prior of a run, and its picture."""
