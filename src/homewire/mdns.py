"""Reading what others announce over mDNS (RFC 6762 and 6763): from a datagram to services, pure.

Telling others is `homewire.announcement`, asking them `homewire.discovery`. Import it late, for zeroconf.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec
from zeroconf import (  # type: ignore[attr-defined]  # exported, though not listed in __all__
    DNSAddress,
    DNSIncoming,
    DNSPointer,
    DNSRecord,
    DNSService,
    DNSText,
    Error,
    ServiceInfo,
)

from homewire.discovery import Service

__all__ = ["announced_services"]

_SERVICES_MOST = 4
"""An appliance announces one service, a gateway a few; a datagram that has hundreds is up to no good."""


def announced_services(datagram: bytes, service_types: Iterable[str]) -> list[tuple[str, Service]]:
    """Return the services of these types (`_name._tcp.local.`) that an answer tells of, each with its type.

    Whatever else was sent gives nothing: questions, goodbyes, garbage. A service knows what the datagram
    says, so that its addresses may be missing.
    """
    message = DNSIncoming(datagram)
    if not message.valid or not message.is_response():
        return []
    records, types = message.answers(), tuple(service_types)
    named: dict[str, tuple[str, str]] = {}
    gone: set[str] = set()
    for record in records:
        for kind, name in _instances(record, types):
            named[name.lower()] = (kind, name)
            gone |= set() if record.ttl else {name.lower()}
    wanted = [each for key, each in named.items() if key not in gone][:_SERVICES_MOST]
    found = [(kind, _service(kind, name, records)) for kind, name in wanted]
    return [(kind, service) for kind, service in found if service is not None]


def _instances(record: DNSRecord, service_types: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield the type and the full name of the service that a record is about."""
    name = record.alias if isinstance(record, DNSPointer) else record.name
    if isinstance(record, DNSPointer | DNSService | DNSText):
        for service_type in service_types:
            if name.lower().endswith(f".{service_type.lower()}"):
                yield service_type, name


def _service(service_type: str, name: str, records: Sequence[DNSRecord]) -> Service | None:
    """Return what the records say of a service; None when no service can have that name."""
    own = [record for record in records if record.key == name.lower()]
    where = next((record for record in own if isinstance(record, DNSService)), None)
    text = next((record.text for record in own if isinstance(record, DNSText)), b"")
    server = "" if where is None else where.server.lower()
    addresses = [one.address for one in records if isinstance(one, DNSAddress) and one.key == server]
    try:
        info = ServiceInfo(
            service_type,
            name[: -len(service_type)] + service_type,
            port=None if where is None else where.port,
            properties=text,
            server=server or None,
            addresses=addresses,
        )
    except Error:
        return None
    return msgspec.structs.replace(Service.of(info), host=server.rstrip("."))
