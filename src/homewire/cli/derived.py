"""Command-line options made from a kind's own typed options: a struct's fields or a function's keywords.

A field becomes `--field-name`; its type, default, description and limits (`msgspec.Meta`) become those of the
option.
A secret is only taken as a reference, except for simulators, whose secrets are invented.
"""

from __future__ import annotations

import inspect
import pydoc
import typing
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
from cyclopts import Group, Parameter

from homewire.cli.source import refuse_literal_secret
from homewire.config import resolve_secret
from homewire.secrets import Secret
from homewire.settings import holds_secret

__all__ = ["DERIVED", "build", "derived_parameters", "options_type", "summary_of"]

DERIVED = Group("Options of this kind", sort_key=2)


def options_type(function: Callable[..., Any]) -> type[msgspec.Struct]:
    """Return the struct of a function's options: that of its parameter `options`, or made of its keywords."""
    hints = typing.get_type_hints(function, include_extras=True)
    declared = hints.get("options")
    for candidate in (declared, *typing.get_args(declared)):
        if isinstance(candidate, type) and issubclass(candidate, msgspec.Struct):
            return candidate
    keywords = [
        parameter
        for parameter in inspect.signature(function).parameters.values()
        if parameter.kind is parameter.KEYWORD_ONLY and parameter.name != "options"
    ]
    fields = [(one.name, hints.get(one.name, str), _default(one)) for one in keywords]
    return msgspec.defstruct(f"{function.__name__}_options", fields, kw_only=True)


def _default(parameter: inspect.Parameter) -> Any:
    return msgspec.NODEFAULT if parameter.default is parameter.empty else parameter.default


def derived_parameters(options: type[msgspec.Struct]) -> list[inspect.Parameter]:
    """Return the keyword parameters that a command needs for the options."""
    return [_parameter(field) for field in msgspec.structs.fields(options)]


def _parameter(field: msgspec.structs.FieldInfo) -> inspect.Parameter:
    kind, description = _plain_type(field.type)
    default: Any = inspect.Parameter.empty
    if field.default is not msgspec.NODEFAULT:
        default = field.default
    elif field.default_factory is not msgspec.NODEFAULT:
        default = field.default_factory()
    secret = isinstance(default, Secret)
    negative = (
        f"--no-{field.name.replace('_', '-')}" if default is True or _may_be_off(field, default) else ()
    )
    shown = Parameter(
        group=DERIVED,
        help=description,
        negative=negative,
        show_default=_shows_default(default),
        validator=_limits_checker(field.type),
    )
    return inspect.Parameter(
        field.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=default.reveal() if secret else default,
        annotation=Annotated[kind, shown],
    )


def _may_be_off(field: msgspec.structs.FieldInfo, default: Any) -> bool:
    """Tell whether a switch left alone means something else than off."""
    return default is None and field.type == bool | None


def _shows_default(default: Any) -> bool:
    return isinstance(default, int | float | str | tuple) and default not in (True, False, 0, "", ())


def _plain_type(kind: Any) -> tuple[Any, str]:
    """Return the type as the parser knows it, with its description."""
    description = ""
    if typing.get_origin(kind) is Annotated:
        kind, *extras = typing.get_args(kind)
        told = (one.description for one in extras if isinstance(one, msgspec.Meta) and one.description)
        description = next(told, "")
    if kind is Secret:
        return str, description
    return (str | None if holds_secret(kind) else kind), description


def _limits_checker(kind: Any) -> Callable[[Any, Any], None] | None:
    """Return what complains of a value outside of the limits of its type; None for one without limits."""
    limits = "; ".join(text for text in map(_limits_text, _metas(kind)) if text)
    if not limits or holds_secret(kind):
        return None

    def check(_type: Any, value: Any) -> None:
        try:
            msgspec.convert(value, kind)
        except msgspec.ValidationError:
            message = f"Must be {limits}."
            raise ValueError(message) from None

    return check


def _metas(kind: Any) -> Iterator[msgspec.Meta]:
    """Iterate over the annotations of a type and of the types that it is made of."""
    yield from (one for one in getattr(kind, "__metadata__", ()) if isinstance(one, msgspec.Meta))
    for part in typing.get_args(kind):
        yield from _metas(part)


def _limits_text(meta: msgspec.Meta) -> str:
    """Put the limits into words: `>= 0 and <= 65535`, `of length >= 1`, `like ^[a-z]+$`."""
    told = {
        ">= {}": meta.ge,
        "> {}": meta.gt,
        "<= {}": meta.le,
        "< {}": meta.lt,
        "a multiple of {}": meta.multiple_of,
        "of length >= {}": meta.min_length,
        "of length <= {}": meta.max_length,
        "like {}": meta.pattern,
    }
    return " and ".join(words.format(limit) for words, limit in told.items() if limit is not None)


def build(options: type[msgspec.Struct], values: Mapping[str, Any], *, invented_secrets: bool) -> Any:
    """Return the options with the values of the command line; secrets become `Secret`."""
    secret = {one.name for one in msgspec.structs.fields(options) if holds_secret(one.type)}
    ready = dict(values)
    for name in secret & {name for name, value in values.items() if value is not None}:
        if not invented_secrets:
            refuse_literal_secret(name.replace("_", "-"), values[name], written="--{key} {reference}")
        ready[name] = resolve_secret(values[name], Path())
    return options(**ready)


def summary_of(thing: Any) -> str:
    """Return the documentation of a class or function, one line per paragraph."""
    paragraphs = pydoc.getdoc(thing).split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
