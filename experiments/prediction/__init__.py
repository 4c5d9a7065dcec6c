"""What networks say of every picture of a data set, a file each (:mod:`experiments.predict`)."""
