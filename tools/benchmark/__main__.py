"""``python -m tools.benchmark SECTION... [--json PATH] [--list]``."""

import sys

from tools.benchmark.command import main

sys.exit(main())
