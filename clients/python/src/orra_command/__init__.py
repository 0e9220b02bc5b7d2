"""The command ``orra`` from its first line, before the client and what it needs are loaded: Ctrl-C ends it
without a traceback. A package of its own, for whoever imports ``orra_client`` loads all of it."""

import signal


def main() -> int:
    """Runs the command that the process was called with. Returns its exit code."""
    heard = signal.getsignal(signal.SIGINT) is signal.default_int_handler  # a shell's background does not hear it
    if heard:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # there is nothing to put in order yet
    from orra_client.cli import main as command
    from orra_client.cli.common import INTERRUPTED

    if not heard:
        return command()
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        return command()
    except KeyboardInterrupt:
        return INTERRUPTED
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # what is left are a process's last steps
