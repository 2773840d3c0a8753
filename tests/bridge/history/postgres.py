"""A PostgreSQL server for one test session, on a free loopback port, never as root."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_DEBIAN = Path("/usr/lib/postgresql")


def find_tool(name: str) -> str:
    """Return the path of a server program: on the PATH, or where Debian keeps it."""
    found = shutil.which(name) or next((str(p) for p in sorted(_DEBIAN.glob(f"*/bin/{name}"))), None)
    assert found is not None, f"{name} is missing; `make system` installs it"
    return found


@contextmanager
def running() -> Iterator[str]:
    """Start a server and yield its address."""
    folder = Path(tempfile.mkdtemp(prefix="homewire-pg-"))
    user = "nobody" if os.geteuid() == 0 else None
    if user is not None:
        os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
    port = _free_port()
    data = folder / "data"
    _run(
        user,
        "initdb",
        "-D",
        str(data),
        "-U",
        "homewire",
        "-A",
        "trust",
        "--no-sync",
        "-E",
        "UTF8",
        "--locale",
        "C",
    )
    options = f"-p {port} -h 127.0.0.1 -k {folder} -c fsync=off"
    _run(user, "pg_ctl", "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        yield f"postgresql://homewire@127.0.0.1:{port}/postgres"
    finally:
        _run(user, "pg_ctl", "-D", str(data), "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def _run(user: str | None, tool: str, *arguments: str) -> None:
    done = subprocess.run(  # noqa: S603 - our own server
        [find_tool(tool), *arguments],
        user=user,
        cwd="/",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == 0, f"{tool} ended with {done.returncode}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
