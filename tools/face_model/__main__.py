"""``python -m tools.face_model inspect|convert|preview|build``."""

import sys

from tools.face_model.command import main

sys.exit(main())
