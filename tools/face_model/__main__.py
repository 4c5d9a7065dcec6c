"""``python -m tools.face_model inspect|convert|preview|landmarks|build``."""

from experiments.command_line import run
from tools.face_model.command import main

run(main)
