"""The bridge's tables in homewire.toml: `[bridge]`, `[http]`, `[mqtt]` and `[metrics]`."""

from __future__ import annotations

import hashlib
import ipaddress
import os
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import msgspec

from homewire.config import Configuration
from homewire.errors import ConfigurationError
from homewire.secrets import Secret

__all__ = ["BridgeSettings", "HttpSettings", "MetricsSettings", "MqttSettings", "is_loopback", "socket_path"]

DEFAULT_PORT = 8421

Port: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=65_535)]
Seconds: TypeAlias = Annotated[float, msgspec.Meta(ge=0)]


class BridgeSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`[bridge]`: the service itself."""

    socket: str | None = None
    """The Unix socket for the command line; empty for none. By default one per configuration file."""

    watch_s: Seconds = 2.0
    """How often to look whether homewire.toml changed, in seconds; 0 looks only on SIGHUP."""

    drain_s: Seconds = 2.0
    """How long running commands may take to finish when the bridge is told to stop, in seconds."""

    announcements: bool = True
    """Whether to listen on the network for appliances that announce themselves, and try lost ones at once."""


class HttpSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`[http]`: API, dashboard and metrics."""

    enabled: bool = True
    host: str = "127.0.0.1"
    port: Port = DEFAULT_PORT
    token: Secret | None = None
    """Grants reading and control; demanded for any host that is not loopback."""

    read_token: Secret | None = None
    """Grants reading."""

    allowed_hosts: tuple[str, ...] = ()
    """Further names under which browsers reach the bridge, such as that of a reverse proxy."""

    requests_per_second: Annotated[float, msgspec.Meta(gt=0)] = 50.0
    burst: Annotated[int, msgspec.Meta(ge=1)] = 200
    event_buffer: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 20_000
    """Events kept for clients that come back or read slowly."""


class MqttSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`[mqtt]`: the broker, and how topics begin."""

    host: str
    enabled: bool = True
    port: Port | None = None
    """1883, or 8883 with TLS."""

    username: str | None = None
    password: Secret | None = None
    tls: bool = False
    ca_file: str | None = None
    certificate_file: str | None = None
    key_file: str | None = None
    client_id: str | None = None
    """Stays the same, so that the broker keeps commands during a restart; by default `homewire-BASE`."""

    base_topic: str = "homewire"
    discovery: bool = True
    discovery_prefix: str = "homeassistant"
    discovery_format: Literal["device", "entity"] = "device"
    """`entity` for Home Assistant before 2024.12, which does not know device-based discovery."""

    keepalive_s: Annotated[int, msgspec.Meta(ge=1, le=65_535)] = 30
    session_expiry_s: Annotated[int, msgspec.Meta(ge=0, le=0xFFFF_FFFF)] = 120
    """How long the broker keeps commands for a bridge that is away, in seconds.

    Short on purpose: nobody wants an appliance to start because of a wish of an hour ago.
    """

    birth_delay_s: Seconds = 2.0
    """Home Assistant needs a moment after its birth message; announced at random up to this time later."""

    def __post_init__(self) -> None:
        """Refuse topics that MQTT or the grammar cannot carry."""
        for name in (self.base_topic, self.discovery_prefix):
            if (
                not name
                or any(c in name for c in "+#\0")
                or name.startswith(("$", "/"))
                or name.endswith("/")
            ):
                message = f"{name!r} cannot begin a topic"
                raise ValueError(message)


class MetricsSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`[metrics]`: the page that Prometheus reads."""

    enabled: bool = True


def is_loopback(host: str) -> bool:
    """Tell whether only this computer can reach an address or name."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_exposure(settings: HttpSettings) -> None:
    """Raise ConfigurationError when others could reach the bridge without a token."""
    if settings.enabled and not is_loopback(settings.host) and not settings.token:
        raise ConfigurationError(
            f"[http] host {settings.host} can be reached by others, and no token is set",
            key="host",
            hint='Set token = "env:HOMEWIRE_TOKEN" (or file:…), or keep host = "127.0.0.1".',
        )


def socket_path(file: str | Path, settings: BridgeSettings | None = None) -> Path | None:
    """Return where the bridge of that configuration file listens for the command line; None for nowhere."""
    if settings is not None and settings.socket is not None:
        return Path(settings.socket).expanduser() if settings.socket else None
    base = os.environ.get("XDG_RUNTIME_DIR") or os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    mark = hashlib.sha256(str(Path(file).resolve()).encode()).hexdigest()[:12]
    return Path(base).expanduser() / "homewire" / f"bridge-{mark}.sock"


def bridge_settings(configuration: Configuration) -> BridgeSettings:
    """Return the `[bridge]` table, or its defaults."""
    return configuration.table("bridge", BridgeSettings) or BridgeSettings()
