"""What a test or a demo makes happen to the simulated service and its machines, misbehaviour included."""

from __future__ import annotations

import dataclasses
import enum

__all__ = ["CloudLevers", "CommandOutcome", "LocalLevers"]


class CommandOutcome(enum.StrEnum):
    """How the record of a command ends (`lamarzocco-gateway.md`, sections 7.3 and 15, item 5)."""

    COMPLETED = "completed"
    PENDING = "pending"
    FAILED = "failed"
    REFUSED = "refused"
    NO_RECORD = "no record"
    NO_ID = "no id"


@dataclasses.dataclass(slots=True, kw_only=True)
class CloudLevers:
    """The cloud's misbehaviour; all off by default.

    `status` answers every gateway call with an HTTP status; `failing_reads` answers those below a device with
    504, such as "/configuration"; `calls_left` answers 429 once that many calls
    were made; `command_outcome` and `command_delay_s` say how commands end and when; `silent` never
    answers; `body` replaces every answer's bytes; `lock_account` refuses every sign-in.
    """

    status: int | None = None
    failing_reads: tuple[str, ...] = ()
    calls_left: int | None = None
    retry_after_s: int = 30
    command_outcome: CommandOutcome = CommandOutcome.COMPLETED
    command_delay_s: float = 1.0
    silent: bool = False
    body: bytes | None = None
    lock_account: bool = False


@dataclasses.dataclass(slots=True, kw_only=True)
class LocalLevers:
    """The local API's misbehaviour; all off by default.

    `status` answers the configuration call with an HTTP status; `body` replaces the answer's bytes;
    `mute` sends nothing on WebSockets any more, `only_pings` a ping in place of every message.
    """

    status: int | None = None
    body: bytes | None = None
    mute: bool = False
    only_pings: bool = False
