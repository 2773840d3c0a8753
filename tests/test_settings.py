from __future__ import annotations

from typing import Annotated

import msgspec
import pytest

from homewire.errors import ConfigurationError
from homewire.secrets import Secret
from homewire.settings import convert_settings, holds_secret, settings_to_builtins


class Inner(msgspec.Struct, frozen=True, kw_only=True):
    port: int = 1


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    host: str
    password: Secret | None = None
    inner: Inner = Inner()


def test_settings_survive_storage() -> None:
    settings = Settings(host="h", password=Secret("hunter2"))
    plain = settings_to_builtins(settings)
    assert plain == {"host": "h", "password": "hunter2", "inner": {"port": 1}}
    assert convert_settings(Settings, plain, subject="kettle") == settings
    assert "hunter2" not in repr(settings)


def test_a_secret_may_be_given_as_one() -> None:
    assert convert_settings(Settings, {"host": "h", "password": Secret("x")}, subject="k").password == Secret(
        "x"
    )


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"hots": "h"}, r"kettle has no setting 'hots'\. Did you mean host\?"),
        ({"zzz": "h"}, r"kettle has no setting 'zzz'\. It takes: host, password, inner\."),
        ({}, r"kettle needs the setting 'host'"),
        ({"host": 5}, r"the setting 'host' is wrong: expected `str`, got `int`"),
        ({"host": "h", "password": 5}, r"the setting 'password' is wrong"),
        ({"host": "h", "inner": {"port": "x"}}, r"the setting 'inner.port' is wrong"),
    ],
)
def test_what_is_wrong_is_named(values: dict[str, object], complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        convert_settings(Settings, values, subject="kettle")


class Strange(msgspec.Struct, frozen=True, kw_only=True):
    value: complex


def test_a_type_that_toml_cannot_express_is_a_defect() -> None:
    with pytest.raises(NotImplementedError):
        convert_settings(Strange, {"value": 1}, subject="kettle")
    with pytest.raises(NotImplementedError):
        settings_to_builtins(Strange(value=1j))


def test_secrets_are_known_however_they_are_declared() -> None:
    described = msgspec.Meta(description="a password")
    assert holds_secret(Secret)
    assert holds_secret(Secret | None)
    assert holds_secret(Annotated[Secret | None, described])
    assert not holds_secret(Annotated[str | None, described])
