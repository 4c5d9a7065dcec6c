"""What Lightning says of itself while it works."""

from __future__ import annotations

import logging
import warnings


def quieten_lightning() -> None:
    """Silence which devices there are, advertisements, and hints that do not fit our data; real warnings stay."""
    logging.getLogger("pytorch_lightning").setLevel(logging.WARNING)
    # A pool of rendered faces is read through memory maps and needs no loader processes.
    warnings.filterwarnings("ignore", message=".*does not have many workers.*")
    warnings.filterwarnings("ignore", message=".*LeafSpec.*")  # Lightning's own use of torch
    # Scores are gathered from all processes before they are logged.
    warnings.filterwarnings("ignore", message=".*sync_dist=True.*")
    # A machine with SLURM may well be worked on by hand.
    warnings.filterwarnings("ignore", message=".*`srun` command is available on your system but is not used.*")
    # FOCUS sets the networks' modes itself, step by step.
    warnings.filterwarnings("ignore", message=".*in eval mode at the start of training.*")
