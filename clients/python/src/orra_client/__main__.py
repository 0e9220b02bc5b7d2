"""``python -m orra_client`` is the command ``orra``."""

import sys

from orra_client.cli import main

sys.exit(main())
