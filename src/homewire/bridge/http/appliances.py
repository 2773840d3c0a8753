"""Routes about appliances: what they are, what they report, and commands to them."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Response, Router, get, post
from litestar.params import HeaderParameter, JSONBody, QueryParameter

from homewire.appliance import Appliance
from homewire.bridge.http.answers import Http, PathText, TheRegistry, etag_of, tagged
from homewire.bridge.http.problems import problem
from homewire.bridge.views import (
    ApplianceView,
    CommandView,
    FeatureView,
    JsonValue,
    plain,
    view_appliance,
    view_feature,
    view_state,
)
from homewire.commands import Command, Stage
from homewire.errors import HomewireError, NotFound

__all__ = ["appliance_router"]

_LONGEST_WAIT_S = 120

Wait = Annotated[
    float | None,
    QueryParameter(
        name="wait", ge=0, le=_LONGEST_WAIT_S, description="Seconds to wait for the end of the command."
    ),
]


class Appliances(msgspec.Struct, frozen=True, kw_only=True):
    """All appliances."""

    appliances: tuple[ApplianceView, ...]


class Features(msgspec.Struct, frozen=True, kw_only=True):
    """The features of an appliance."""

    features: tuple[FeatureView, ...]


class StateView(msgspec.Struct, frozen=True, kw_only=True):
    """The current values by key; null is unknown."""

    values: dict[str, JsonValue]
    updated_at: str | None


class ValueView(msgspec.Struct, frozen=True, kw_only=True):
    """One value, and as a person reads it."""

    key: str
    value: JsonValue
    text: str


class Commands(msgspec.Struct, frozen=True, kw_only=True):
    """Commands, newest first."""

    commands: tuple[CommandView, ...]


class Order(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A command to give.

    Leave `value` out to press a button; `dangerous` is the owner's consent for this one call.
    """

    key: str
    value: JsonValue = None
    dangerous: bool = False


class ResourceView(msgspec.Struct, frozen=True, kw_only=True):
    """Something that can be read beyond features."""

    name: str
    help: str


class Resources(msgspec.Struct, frozen=True, kw_only=True):
    """What can be read beyond features."""

    resources: tuple[ResourceView, ...]


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What a resource said."""

    name: str
    data: Any


@get("/appliances", summary="All appliances")
async def list_appliances(request: Http, registry: TheRegistry) -> Response[Appliances]:
    """Return all appliances in full."""
    shown = tuple(view_appliance(registry, one) for one in registry.appliances.values())
    return tagged(request, Appliances(appliances=shown))


@get("/appliances/{appliance_id:str}", summary="One appliance")
async def show_appliance(
    request: Http, registry: TheRegistry, appliance_id: PathText
) -> Response[ApplianceView]:
    """Return one appliance in full."""
    return tagged(request, view_appliance(registry, registry.appliance(appliance_id)))


@get("/appliances/{appliance_id:str}/features", summary="Its features")
async def list_features(request: Http, registry: TheRegistry, appliance_id: PathText) -> Response[Features]:
    """Return what the appliance can do."""
    appliance = registry.appliance(appliance_id)
    return tagged(
        request, Features(features=tuple(view_feature(appliance, one) for one in appliance.features.values()))
    )


@get("/appliances/{appliance_id:str}/state", summary="Its values")
async def show_state(request: Http, registry: TheRegistry, appliance_id: PathText) -> Response[StateView]:
    """Return the current values."""
    return tagged(request, _state(registry.appliance(appliance_id)))


@get("/appliances/{appliance_id:str}/state/{key:str}", summary="One value")
async def show_value(
    request: Http, registry: TheRegistry, appliance_id: PathText, key: PathText
) -> Response[ValueView]:
    """Return one value, and as a person reads it."""
    appliance = registry.appliance(appliance_id)
    feature = appliance.feature(key)
    if key not in appliance.state:
        raise NotFound(
            f"{feature.name} ({key}) has no value: it is a {feature.kind}", appliance=appliance.identity.name
        )
    value = appliance.state[key]
    return tagged(request, ValueView(key=key, value=plain(value), text=feature.format(value)))


@get("/appliances/{appliance_id:str}/diagnostics", summary="For a bug report")
async def show_diagnostics(registry: TheRegistry, appliance_id: PathText) -> dict[str, Any]:
    """Return everything that helps with a bug report, redacted."""
    return registry.appliance(appliance_id).diagnostics()


@post("/appliances/{appliance_id:str}/refresh", status_code=204, summary="Read everything again")
async def refresh(registry: TheRegistry, appliance_id: PathText) -> None:
    """Read everything again from the appliance."""
    await registry.appliance(appliance_id).refresh()


@get("/appliances/{appliance_id:str}/commands", summary="Its latest commands")
async def list_commands(registry: TheRegistry, appliance_id: PathText) -> Commands:
    """Return the latest commands, newest first."""
    latest = registry.commands.latest(registry.appliance(appliance_id).identity.id)
    return Commands(commands=tuple(_view(one) for one in latest))


@post("/appliances/{appliance_id:str}/commands", status_code=202, summary="Set or press a feature")
async def give_command(
    *,
    registry: TheRegistry,
    appliance_id: PathText,
    data: JSONBody[Order],
    wait: Wait = None,
    idempotency_key: Annotated[str | None, HeaderParameter(name="Idempotency-Key", max_length=200)] = None,
    if_match: Annotated[str | None, HeaderParameter(name="If-Match")] = None,
) -> Response[Any]:
    """Set a feature or press a button.

    Answers 202 with the place of the command, or, with `wait`, 200 once the appliance confirmed it.
    """
    appliance = registry.appliance(appliance_id)
    if if_match not in (None, "*", etag_of(_state(appliance))):
        return problem("precondition_failed", "the state is not what If-Match says")
    command = registry.commands.submit(
        appliance, data.key, data.value, dangerous=data.dangerous, idempotency_key=idempotency_key
    )
    if wait:
        await registry.commands.finished(command, wait)
    return _outcome(command, waited=bool(wait))


@get("/commands/{command_id:str}", summary="One command")
async def show_command(registry: TheRegistry, command_id: PathText, wait: Wait = None) -> CommandView:
    """Return a command; with `wait`, once it ended or the time is up."""
    command = registry.commands.find(command_id)
    if wait:
        await registry.commands.finished(command, wait)
    return _view(command)


@get("/appliances/{appliance_id:str}/resources", summary="What it offers beyond features")
async def list_resources(registry: TheRegistry, appliance_id: PathText) -> Resources:
    """Return the resources by name."""
    offered = registry.appliance(appliance_id).resources
    return Resources(resources=tuple(ResourceView(name=name, help=text) for name, text in offered.items()))


@get("/appliances/{appliance_id:str}/resources/{name:path}", summary="One resource")
async def show_resource(registry: TheRegistry, appliance_id: PathText, name: PathText) -> Reading:
    """Read a resource from the appliance now."""
    wanted = name.strip("/")
    return Reading(name=wanted, data=await registry.appliance(appliance_id).read_resource(wanted))


def appliance_router() -> Router:
    """Return the routes about appliances and commands."""
    return Router(
        path="/",
        tags=["appliances"],
        route_handlers=[
            list_appliances,
            show_appliance,
            list_features,
            show_state,
            show_value,
            show_diagnostics,
            refresh,
            list_commands,
            give_command,
            show_command,
            list_resources,
            show_resource,
        ],
    )


def _state(appliance: Appliance) -> StateView:
    at = appliance.updated_at
    return StateView(values=view_state(appliance), updated_at=at.isoformat() if at else None)


def _view(command: Command) -> CommandView:
    return msgspec.convert(command.describe(), CommandView)


def _outcome(command: Command, *, waited: bool) -> Response[Any]:
    if waited and command.stage is Stage.CONFIRMED:
        return Response(_view(command), status_code=200)
    if waited and command.stage.final:
        raise command.error if isinstance(command.error, HomewireError) else _unexpected(command)
    return Response(_view(command), status_code=202, headers={"Location": f"/api/v1/commands/{command.id}"})


def _unexpected(command: Command) -> HomewireError:
    return HomewireError(f"{command.key} failed: {command.error!r}", hint="The bridge's log tells more.")
