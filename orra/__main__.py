"""``python -m orra COMMAND``: the server's commands without the package that brings the command ``orra``."""

import signal

signal.signal(signal.SIGINT, signal.SIG_DFL)  # until there is somebody to take an interrupt, it just ends this

import sys  # noqa: E402

from orra.commands.table import COMMANDS, listing  # noqa: E402

INTERRUPTED = 130


def main(argv: list[str]) -> int:
    """Runs one command. Returns its exit code: 2 where it was called wrongly, 130 where it was interrupted."""
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
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        status = main(sys.argv[1:])
    except KeyboardInterrupt:
        status = INTERRUPTED
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # what is left are a process's last steps
    sys.exit(status)
