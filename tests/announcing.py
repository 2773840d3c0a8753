"""mDNS messages as appliances send them, put together by zeroconf."""

from __future__ import annotations

import socket
from collections.abc import Collection, Mapping, Sequence

from zeroconf import DNSOutgoing, DNSRecord, ServiceInfo  # type: ignore[attr-defined]  # exported, though not listed
from zeroconf.const import _FLAGS_AA, _FLAGS_QR_QUERY, _FLAGS_QR_RESPONSE

TYPE = "_kettle._tcp.local."
WHOLE = ("pointer", "service", "text", "addresses")


def announcement(
    *,
    service_type: str = TYPE,
    name: str = "Kettle",
    address: str = "192.0.2.7",
    port: int = 1774,
    properties: Mapping[str, str] | None = None,
    ttl: int | None = None,
    parts: Collection[str] = WHOLE,
    is_answer: bool = True,
) -> bytes:
    """Return the message of an appliance that has just started; with a `ttl` of 0, that ends."""
    info = ServiceInfo(
        service_type,
        f"{name}.{service_type}",
        addresses=[socket.inet_aton(address)],
        port=port,
        properties=dict(properties or {}),
        server=f"{name}.local.",
    )
    message = DNSOutgoing(_FLAGS_QR_RESPONSE | _FLAGS_AA if is_answer else _FLAGS_QR_QUERY)
    records: dict[str, Sequence[DNSRecord]] = {
        "pointer": [info.dns_pointer(ttl)],
        "service": [info.dns_service(ttl)],
        "text": [info.dns_text(ttl)],
        "addresses": info.dns_addresses(ttl),
    }
    for part in parts:
        for record in records[part]:
            message.add_answer_at_time(record, 0)
    [packet] = message.packets()
    return bytes(packet)
