from __future__ import annotations

import inspect

import pytest

from homewire import errors
from homewire.errors import CommandRejected, ConfigurationError, HomewireError, InvalidValue, ProtocolError

FAMILY = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, HomewireError)]


def test_every_error_has_a_code_of_its_own_and_an_exit_code() -> None:
    assert len({kind.code for kind in FAMILY}) == len(FAMILY)
    assert {kind.exit_code for kind in FAMILY} == {1, 3, 4, 5, 6, 7, 8, 9}
    assert sorted(errors.__all__) == sorted(kind.__name__ for kind in FAMILY)


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (HomewireError("it broke"), "it broke"),
        (HomewireError("it broke", appliance="Kitchen", hint="Fix it."), "Kitchen: it broke. Fix it."),
        (HomewireError("it broke!", hint="Fix it."), "it broke! Fix it."),
        (ProtocolError("bad byte", offset=7), "bad byte (at offset 7)"),
        (ConfigurationError("wrong", file="a.toml", line=3), "a.toml:3: wrong"),
        (InvalidValue("no", allowed="1 to 3"), "no. Allowed: 1 to 3."),
    ],
)
def test_tells_appliance_event_and_remedy(error: HomewireError, shown: str) -> None:
    assert str(error) == shown


def test_details_are_what_a_program_needs() -> None:
    rejected = CommandRejected("no", reason_code=12, appliance="Kitchen", path="tcp", hint="Wait.")
    assert rejected.details() == {
        "code": "command_rejected",
        "message": "no",
        "appliance": "Kitchen",
        "path": "tcp",
        "hint": "Wait.",
        "reason_code": 12,
    }
    assert InvalidValue("no", allowed="1 to 3").details()["allowed"] == "1 to 3"
    assert "reason_code" not in CommandRejected("no").details()
