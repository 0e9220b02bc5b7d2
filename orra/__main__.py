"""``python -m orra COMMAND``: the server's commands without the package that brings the command ``orra``."""

from orra.base import interrupts

interrupts.end_at_once()

import sys  # noqa: E402

from orra.commands.table import COMMANDS, listing  # noqa: E402


def main(argv: list[str]) -> int:
    """Runs one command. Returns its exit code: 2 where it was called wrongly."""
    if argv[:1] == ["--version"]:
        from orra.base.release import release

        print(f"orra {release()}")
        return 0
    if argv and argv[0] in COMMANDS:
        return COMMANDS[argv[0]](argv[1:])
    asked = argv[:1] in (["--help"], ["-h"], ["help"])
    print(f"usage: orra COMMAND …\n\n{listing()}", file=sys.stdout if asked else sys.stderr)
    return 0 if asked else 2


if __name__ == "__main__":
    sys.exit(interrupts.in_order(lambda: main(sys.argv[1:])))
