"""The commands by name. The entry points in ``pyproject.toml`` say the same for installed packages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from orra.commands import backups, managing, running

Command = Callable[[Sequence[str]], int]

COMMANDS: Mapping[str, Command] = {
    "up": running.up,
    "demo": managing.demo,
    "check-models": managing.check_models,
    "evaluate-cache": managing.evaluate_cache,
    "evaluate-planner": managing.evaluate_planner,
    "migrate": managing.migrate,
    "web": running.web,
    "worker": running.worker,
    "beat": running.beat,
    "backup": backups.backup,
    "restore": backups.restore,
    "manage": managing.manage,
}


def listing() -> str:
    """A line for each, as its docstring begins."""
    width = max(map(len, COMMANDS)) + 2
    return "\n".join(
        f"  {name:<{width}}{(command.__doc__ or '').partition(chr(10))[0]}" for name, command in COMMANDS.items()
    )
