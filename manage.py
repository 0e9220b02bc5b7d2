#!/usr/bin/env python3
"""Django's commands, on the embedded services when nothing else is configured."""

import sys

from orra.manage import main

if __name__ == "__main__":
    sys.exit(main())
