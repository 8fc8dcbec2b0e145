"""``python -m crs_adapters.cli`` is ``crs``."""

import sys

from crs_adapters.cli import main

sys.exit(main())
