"""The installed kinds of connection: small descriptors whose heavy parts are imported when they are used.

A kind registers in the entry-point group `homewire.connections`, so that a third party can add a vendor by
installing a package:

    [project.entry-points."homewire.connections"]
    my-vendor = "my_package:KIND"
"""

from __future__ import annotations

import difflib
import functools
import importlib
import importlib.metadata
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from homewire.errors import ConfigurationError, HomewireError, NotFound, NotSupported

if TYPE_CHECKING:
    from homewire.captures import Record
    from homewire.clock import Clock
    from homewire.discovery import Discovered
    from homewire.features import Feature
    from homewire.link.connection import Connection
    from homewire.simulation import Simulator

__all__ = ["GROUP", "Kind", "find_kind", "installed_kinds"]

GROUP = "homewire.connections"

Catalogue: TypeAlias = "Callable[[], Iterable[tuple[str, tuple[Feature, ...]]]]"
Decoder: TypeAlias = "Callable[..., Iterator[Record]]"
Discoverer: TypeAlias = "Callable[[float], AsyncIterator[Discovered]]"
Checks: TypeAlias = "Callable[[msgspec.Struct, Clock], AsyncIterator[Check]]"


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One finding of `homewire doctor`: what was checked, whether it is fine, what was found, what to do."""

    name: str
    ok: bool
    found: str
    remedy: str = ""


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """Describes one kind of connection. The other fields are `module:attribute`, imported when they are used.

    `connection` is the Connection class; `simulator` the Simulator class; `decoder` a function from a
    capture and options to records; `catalogue` yields every model with its features, for the docs;
    `discovery` finds appliances within some seconds; `doctor` checks settings step by step.
    """

    kind: str
    summary: str
    connection: str
    simulator: str | None = None
    decoder: str | None = None
    catalogue: str | None = None
    discovery: str | None = None
    doctor: str | None = None

    def load_connection(self) -> type[Connection[Any]]:
        """Import the Connection class."""
        loaded: type[Connection[Any]] = _attribute(self.connection)
        return loaded

    def load_simulator(self) -> type[Simulator]:
        """Import the Simulator class; raise NotSupported when there is none."""
        loaded: type[Simulator] = self._part("simulator", self.simulator)
        return loaded

    def load_decoder(self) -> Decoder:
        """Import the capture decoder; raise NotSupported when there is none."""
        loaded: Decoder = self._part("decoder", self.decoder)
        return loaded

    def load_catalogue(self) -> Catalogue:
        """Import the list of models and features; raise NotSupported when there is none."""
        loaded: Catalogue = self._part("catalogue", self.catalogue)
        return loaded

    def load_discovery(self) -> Discoverer:
        """Import the discoverer; raise NotSupported when there is none."""
        loaded: Discoverer = self._part("discovery", self.discovery)
        return loaded

    def load_doctor(self) -> Checks:
        """Import the checks; raise NotSupported when there are none."""
        loaded: Checks = self._part("doctor", self.doctor)
        return loaded

    def convert_settings(self, values: Mapping[str, Any]) -> msgspec.Struct:
        """Return the kind's typed settings.

        Raise ConfigurationError naming the key, with a suggestion for an unknown one.
        """
        from homewire.settings import convert_settings  # noqa: PLC0415 - the settings know Secret and are needed late

        return convert_settings(self.load_connection().Settings, values, subject=self.kind)

    def _part(self, name: str, target: str | None) -> Any:
        if target is None:
            raise NotSupported(f"{self.kind} has no {name}")
        return _attribute(target)


def _attribute(target: str) -> Any:
    module, _, attribute = target.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] == module.split(".")[0]:
            raise
        raise ConfigurationError(
            f"the Python package {error.name} is not installed",
            hint="Install it with: pip install 'homewire[all]'",
        ) from error


@functools.cache
def installed_kinds() -> Mapping[str, Kind]:
    """Return every installed kind by name."""
    kinds: dict[str, Kind] = {}
    for entry in sorted(importlib.metadata.entry_points(group=GROUP), key=lambda entry: entry.name):
        try:
            kinds[entry.name] = entry.load()
        except Exception as error:
            raise HomewireError(
                f"the connection kind {entry.name!r} does not load: {error!r}",
                hint="Reinstall the package that brings it.",
            ) from error
    return kinds


def find_kind(name: str) -> Kind:
    """Return the kind of that name; raise NotFound with the nearest names."""
    kinds = installed_kinds()
    try:
        return kinds[name]
    except KeyError:
        near = difflib.get_close_matches(name, kinds, n=3) or list(kinds)
        raise NotFound(
            f"there is no connection kind {name!r}", hint=f"Did you mean {' or '.join(near)}?"
        ) from None
