"""Typed settings from plain values: unknown keys are errors with a suggestion, secrets become `Secret`."""

from __future__ import annotations

import difflib
import re
import typing
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from homewire.errors import ConfigurationError
from homewire.secrets import Secret

__all__ = ["convert_settings", "holds_secret", "settings_to_builtins"]

StructT = TypeVar("StructT", bound=msgspec.Struct)

_PATH = re.compile(r"`\$\.?([^`]*)`")


def convert_settings(target: type[StructT], values: Mapping[str, Any], *, subject: str) -> StructT:
    """Return `values` as the struct.

    Raise ConfigurationError with the key, what is wrong and what was probably meant.
    """
    known = [field.encode_name for field in msgspec.structs.fields(target)]
    for key in values:
        if key not in known:
            raise _unknown_key(key, known, subject)
    try:
        return msgspec.convert(values, target, dec_hook=_decode, strict=True)
    except msgspec.ValidationError as error:
        raise _explained(error, subject) from error


def holds_secret(kind: Any) -> bool:
    """Tell whether a setting of this type is a secret, be it optional or annotated."""
    return kind is Secret or any(holds_secret(part) for part in typing.get_args(kind))


def settings_to_builtins(settings: msgspec.Struct) -> dict[str, Any]:
    """Return the settings as plain values, secrets in the clear: only for storage that the owner protects."""
    plain: dict[str, Any] = msgspec.to_builtins(settings, enc_hook=_encode)
    return plain


def _decode(target: type, value: Any) -> Any:
    if target is Secret:
        if isinstance(value, Secret):
            return value
        if isinstance(value, str):
            return Secret(value)
        message = "expected a text"
        raise ValueError(message)
    raise NotImplementedError(target)


def _encode(value: Any) -> Any:
    if isinstance(value, Secret):
        return value.reveal()
    raise NotImplementedError(type(value))


def _unknown_key(key: str, known: list[str], subject: str) -> ConfigurationError:
    near = difflib.get_close_matches(key, known, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"It takes: {', '.join(known)}."
    return ConfigurationError(f"{subject} has no setting {key!r}", key=key, hint=hint)


def _explained(error: msgspec.ValidationError, subject: str) -> ConfigurationError:
    text = str(error)
    missing = re.search(r"missing required field `(\w+)`", text)
    if missing:
        key = missing[1]
        return ConfigurationError(
            f"{subject} needs the setting {key!r}", key=key, hint=f"Add {key} = … to it."
        )
    place = _PATH.search(text)
    key = place[1] if place else ""
    what = text.split(" - at ", maxsplit=1)[0]
    return ConfigurationError(
        f"{subject}: the setting {key!r} is wrong: {what[:1].lower()}{what[1:]}", key=key or None
    )
