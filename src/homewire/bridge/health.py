"""The health report: how every connection is, what waits, what the outputs say, how much memory is used."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

import homewire
from homewire.bridge.links import LinkReport
from homewire.bridge.registry import Registry
from homewire.link.waking import WatchReport

__all__ = ["CommandHealth", "Health", "health", "resident_bytes"]


class CommandHealth(msgspec.Struct, frozen=True, kw_only=True):
    """Commands under way, and how many wait per appliance."""

    running: int
    by_appliance: dict[str, int]


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """How the bridge is. `ok` means: every enabled connection is online and every output runs."""

    ok: bool
    version: str
    started_at: dt.datetime
    uptime_s: float
    connections: tuple[LinkReport, ...]
    appliances: int
    appliances_online: int
    commands: CommandHealth
    outputs: dict[str, Any]
    announcements: WatchReport | None
    memory_bytes: int | None


def health(registry: Registry, outputs: Mapping[str, Mapping[str, Any]]) -> Health:
    """Return the report; `outputs` is what each output says of itself, with at least `ok`.

    Announcements only spare a wait: not hearing them is no fault.
    """
    links = tuple(link.report() for link in registry.links.values())
    appliances = registry.appliances.values()
    enabled = (link for link in links if link.enabled)
    return Health(
        ok=all(link.state == "online" for link in enabled) and all(one.get("ok") for one in outputs.values()),
        version=homewire.__version__,
        started_at=registry.started_at,
        uptime_s=round(registry.uptime_s, 1),
        connections=links,
        appliances=len(appliances),
        appliances_online=sum(one.availability.online for one in appliances),
        commands=CommandHealth(
            running=registry.commands.running, by_appliance=dict(registry.commands.by_appliance())
        ),
        outputs={name: dict(report) for name, report in outputs.items()},
        announcements=None if registry.watch is None else registry.watch.report(),
        memory_bytes=resident_bytes(),
    )


def resident_bytes() -> int | None:
    """Return the memory that the process occupies, where the system tells (Linux)."""
    with contextlib.suppress(OSError, IndexError, ValueError):
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    return None
