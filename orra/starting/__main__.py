"""``python -m orra.starting [database] [broker]``: checks the settings and what is named of the two, and prints
who does what, a line for each."""

import sys

import orra.settings as settings
from orra.starting import check
from orra.starting.told import who_does_what

if __name__ == "__main__":
    named = sys.argv[1:]
    check(database="database" in named, broker="broker" in named, makes_tables=True)
    print("\n".join(who_does_what(settings, embedded_database="database" not in named)))
