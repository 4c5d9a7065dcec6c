"""``python -m tools.misfit_prior RUN``."""

from experiments.command_line import run
from tools.misfit_prior.command import main

run(main)
