"""Hosts: network namespaces with addresses of their own on a bridge.

All of it is within namespaces of the run's own (:func:`enter`): nothing of it is seen outside, and the kernel
removes it, with all processes on the hosts, when the run ends, however it ends.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from orra.embedded import processes

INSIDE = "MACHINES_INSIDE"
BRIDGE = "bridge0"
CABLE = "eth0"
# Addresses for private use, in namespaces only.
ADDRESS = "10.213.7.{}"
LENGTH = 24
CLIENT = 1
CLONE_NEWNET = 0x40000000
# Of a host that is not there: what is sent to it goes nowhere.
NOBODY = "02:00:00:00:00:01"
KEEPS = 'hostname "$0" && ip link set lo up && echo ready && exec sleep infinity'


def missing() -> str:
    """What is lacking to run here and how to get it, in a sentence; empty when nothing is."""
    if sys.platform != "linux":
        return "Network namespaces are Linux'."
    if os.geteuid() != 0:
        return "It needs root, to make network namespaces: run it as root, or with sudo."
    for program in ("ip", "unshare", "nsenter"):
        if shutil.which(program) is None:
            return f"It needs the program {program} (Debian: apt-get install iproute2 util-linux)."
    tried = subprocess.run(["unshare", "--net", "ip", "link", "add", "type", "bridge"], capture_output=True)
    return f"No bridge can be made here: {tried.stderr.decode().strip()}" if tried.returncode else ""


def is_entered() -> bool:
    return INSIDE in os.environ


def enter(arguments: Sequence[str]) -> int:
    """Runs ``arguments`` in new namespaces; the exit code. Whatever ends this process ends all that is in them."""
    apart = ("--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
    inside = subprocess.Popen(
        ["unshare", *apart, *arguments],
        env={**os.environ, INSIDE: "1"},
        preexec_fn=processes.die_with_parent(signal.SIGKILL),
    )
    try:
        return inside.wait()
    finally:
        inside.kill()  # it takes no other signal
        inside.wait()


@dataclass
class Host:
    """``init`` keeps its namespaces; ``processes`` are what runs on it, by name."""

    name: str
    address: str
    init: subprocess.Popen[bytes]
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def port(self) -> str:
        """Where its cable is plugged into the bridge."""
        return f"to-{self.name}"

    def command(self, *arguments: str, user: tuple[int, int] | None = None) -> list[str]:
        """``arguments`` to be run there, by ``user`` (its id, and its group's) where it is not to be root."""
        who = () if user is None else ("--setuid", str(user[0]), "--setgid", str(user[1]))
        return ["nsenter", "--target", str(self.init.pid), "--net", "--uts", *who, "--", *arguments]

    def run(self, *arguments: str, **more: Any) -> str:
        """What it says. Raises :class:`RuntimeError` when it fails."""
        return _run(*self.command(*arguments), **more)

    def start(
        self,
        name: str,
        *arguments: str,
        log: Path,
        folder: Path,
        environment: Mapping[str, str],
        user: tuple[int, int] | None = None,
    ) -> subprocess.Popen[bytes]:
        with log.open("ab") as output:
            process = subprocess.Popen(
                self.command(*arguments, user=user),
                cwd=folder,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.processes[name] = process
        return process

    def stop(self, name: str, *, kill: bool = False, seconds: float = 20) -> None:
        process = self.processes.pop(name)
        if kill:
            os.killpg(process.pid, signal.SIGKILL)
        processes.stop(process, seconds=seconds)

    def end(self) -> None:
        """Kills whatever is on it."""
        own = _network_of(self.init.pid)
        for process in psutil.pids():
            if process != self.init.pid and _network_of(process) == own:
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
        self.init.kill()
        for child in (*self.processes.values(), self.init):
            child.wait()

    @contextmanager
    def inside(self) -> Iterator[None]:
        """What this thread opens within the block, it opens there, and it stays there."""
        ours = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        theirs = os.open(f"/proc/{self.init.pid}/ns/net", os.O_RDONLY)
        try:
            _go_to(theirs)
            try:
                yield
            finally:
                _go_to(ours)
        finally:
            os.close(ours)
            os.close(theirs)


class Network:
    """A bridge with hosts. This process is a host on it, too: the clients'."""

    def __init__(self) -> None:
        self.hosts: dict[str, Host] = {}
        _run("ip", "link", "set", "lo", "up")
        _run("ip", "link", "add", BRIDGE, "type", "bridge")
        _run("ip", "address", "add", f"{ADDRESS.format(CLIENT)}/{LENGTH}", "dev", BRIDGE)
        _run("ip", "link", "set", BRIDGE, "up")

    def add(self, name: str, number: int) -> Host:
        """Raises :class:`RuntimeError` where it cannot be made."""
        init = subprocess.Popen(
            ["unshare", "--net", "--uts", "sh", "-c", KEEPS, name],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        )
        assert init.stdout is not None
        if init.stdout.readline() != b"ready\n":
            raise RuntimeError(f"The host {name} cannot be made.")
        host = self.hosts[name] = Host(name, ADDRESS.format(number), init)
        peer = ("peer", "name", CABLE, "netns", str(init.pid))
        _run("ip", "link", "add", host.port, "type", "veth", *peer)
        host.run("ip", "address", "add", f"{host.address}/{LENGTH}", "dev", CABLE)
        host.run("ip", "link", "set", CABLE, "up")
        _run("ip", "link", "set", host.port, "master", BRIDGE, "up")
        return host

    @contextmanager
    def cut_off(self, *hosts: Host, silently: bool) -> Iterator[None]:
        """Within the block nothing goes to or from these hosts: their cables are pulled out, which they see, or,
        ``silently``, lead nowhere, which they do not."""
        off, on = (("nomaster",), ("master", BRIDGE)) if silently else (("down",), ("up",))
        for host in hosts:
            _run("ip", "link", "set", host.port, *off)
        try:
            yield
        finally:
            for host in hosts:
                if host.name in self.hosts:
                    _run("ip", "link", "set", host.port, *on)

    @contextmanager
    def cut_apart(self, one: Host, other: Host) -> Iterator[None]:
        """Within the block the two do not hear each other, and everybody else does."""
        for host, peer in ((one, other), (other, one)):
            nobody = ("lladdr", NOBODY, "nud", "permanent", "dev", CABLE)
            host.run("ip", "neighbour", "replace", peer.address, *nobody)
        try:
            yield
        finally:
            for host, peer in ((one, other), (other, one)):
                host.run("ip", "neighbour", "delete", peer.address, "dev", CABLE)

    def lose(self, host: Host) -> None:
        """It is gone without a word, and all its processes with it."""
        _run("ip", "link", "set", host.port, "nomaster")
        del self.hosts[host.name]
        host.end()
        _run("ip", "link", "delete", host.port)

    def end(self) -> None:
        for host in self.hosts.values():
            host.end()
        _run("ip", "link", "delete", BRIDGE)


def _network_of(process: int) -> str:
    with suppress(OSError):
        return os.readlink(f"/proc/{process}/ns/net")
    return ""


def _go_to(namespace: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(namespace, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


def _run(*command: str, **more: Any) -> str:
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, **more)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {(done.stderr or done.stdout).strip()}")
    said: str = done.stdout
    return said
