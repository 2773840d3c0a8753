"""`homewire set` and `homewire press`: change something and wait until the appliance confirmed it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Self

from cyclopts import Group, Parameter

from homewire.cli.names import buttons, changes, connections
from homewire.cli.opening import open_session
from homewire.cli.output import Output, UsageError
from homewire.cli.session import ApplianceView, Session
from homewire.cli.source import Source
from homewire.cli.targets import find_appliance, find_feature
from homewire.errors import InvalidValue
from homewire.features import Feature, Value

__all__ = ["assignments", "change", "press", "press_feature", "set_features"]

_HOW = Group("How", sort_key=4)

Dangerous = Annotated[bool, Parameter(group=_HOW, help="Consent to a dangerous feature for this one call.")]
TimeoutS = Annotated[
    float | None,
    Parameter(
        name="--timeout",
        group=_HOW,
        help="Seconds to wait for the confirmation, instead of the appliance's own limit.",
    ),
]
DryRun = Annotated[bool, Parameter(group=_HOW, help="Check everything, but send nothing.")]


async def set_features(
    appliance: Annotated[
        str, Parameter(completer=connections, help="The appliance: its name, id or serial number.")
    ],
    /,
    *change_: Annotated[
        str,
        Parameter(name="CHANGE", completer=changes, help="FEATURE VALUE, or any number of FEATURE=VALUE."),
    ],
    dangerous: Dangerous = False,
    timeout_s: TimeoutS = None,
    dry_run: DryRun = False,
    source: Source | None = None,
    output: Annotated[Output, Parameter(parse=False)],
) -> None:
    """Set features of an appliance and return once it confirmed each of them.

    For example: `homewire set kitchen power on`, or
    `homewire set kitchen coffee_target_temperature=93.5 steam_boiler=off`.
    """
    wanted = assignments(change_)
    async with open_session(source or Source(), output, only=appliance) as session:
        target = find_appliance(session, appliance)
        checked = [_checked(target, key, text) for key, text in wanted]
        for feature, value in checked:
            if not dry_run:
                await change(
                    session, target, feature, value, output, dangerous=dangerous, timeout_s=timeout_s
                )
            else:
                _tell_dry_run(target, feature, value, output)


async def press(
    appliance: Annotated[
        str, Parameter(completer=connections, help="The appliance: its name, id or serial number.")
    ],
    feature: Annotated[str, Parameter(completer=buttons, help="The feature to press.")],
    /,
    *,
    dangerous: Dangerous = False,
    timeout_s: TimeoutS = None,
    dry_run: DryRun = False,
    source: Source | None = None,
    output: Annotated[Output, Parameter(parse=False)],
) -> None:
    """Press a button of an appliance and return once it confirmed it."""
    async with open_session(source or Source(), output, only=appliance) as session:
        target = find_appliance(session, appliance)
        button = find_feature(target, feature)
        _check_pressable(target, button)
        if not dry_run:
            await press_feature(session, target, button, output, dangerous=dangerous, timeout_s=timeout_s)
        else:
            _tell_dry_run(target, button, None, output)


def assignments(words: Sequence[str]) -> list[tuple[str, str]]:
    """Return the features and values that the words name; raise UsageError."""
    if len(words) == 2 and "=" not in words[0]:  # noqa: PLR2004 - FEATURE VALUE
        return [(words[0], words[1])]
    pairs = [word.partition("=") for word in words]
    if not pairs or not all(key and equals for key, equals, _ in pairs):
        hint = "Write FEATURE VALUE, or FEATURE=VALUE for several at once."
        raise UsageError(f"what to set is not clear from {' '.join(words) or 'nothing'!r}", hint=hint)
    return [(key, value) for key, _, value in pairs]


async def change(
    session: Session,
    target: ApplianceView,
    feature: Feature,
    value: Value,
    output: Output,
    *,
    dangerous: bool = False,
    timeout_s: float | None = None,
) -> None:
    """Set one checked value and tell when it took effect."""
    with Progress(f"{target.identity.name}: {feature.name}", output) as progress:
        story = await session.write(
            target.identity.id,
            feature.key,
            value,
            dangerous=dangerous,
            timeout_s=timeout_s,
            on_stage=progress.stage,
        )
    _tell(target, feature, story, output)


async def press_feature(
    session: Session,
    target: ApplianceView,
    feature: Feature,
    output: Output,
    *,
    dangerous: bool = False,
    timeout_s: float | None = None,
) -> None:
    """Press a feature and tell when it is done."""
    with Progress(f"{target.identity.name}: {feature.name}", output) as progress:
        story = await session.press(
            target.identity.id,
            feature.key,
            dangerous=dangerous,
            timeout_s=timeout_s,
            on_stage=progress.stage,
        )
    _tell(target, feature, story, output)


class Progress:
    """Shows on a terminal how far a command got; only its end is data."""

    def __init__(self, what: str, output: Output) -> None:
        self._what = what
        console = output.error_console
        shown = console.is_terminal and output.verbosity >= 0 and not output.json
        self._status = console.status(f"{what} …") if shown else None

    def __enter__(self) -> Self:
        if self._status is not None:
            self._status.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        if self._status is not None:
            self._status.stop()

    def stage(self, stage: str) -> None:
        """Show the stage that the command reached."""
        if self._status is not None:
            self._status.update(f"{self._what}: {stage} …")


def _checked(target: ApplianceView, key: str, text: str) -> tuple[Feature, Value]:
    """Return the feature and the value that the text means, before anything is sent."""
    feature = find_feature(target, key)
    try:
        return feature, feature.parse(text)
    except InvalidValue as error:
        error.appliance = target.identity.name
        raise


def _check_pressable(target: ApplianceView, feature: Feature) -> None:
    if not feature.pressable:
        error = feature.refusal("is not something to press")
        error.appliance, error.hint = target.identity.name, "Use `homewire set` for what has a value."
        raise error


def _tell(target: ApplianceView, feature: Feature, story: Mapping[str, Any], output: Output) -> None:
    if output.json:
        output.document("command/1", {**story, "name": target.identity.name})
    elif feature.pressable:
        output.line(f"{target.identity.name}: {feature.name} done")
    else:
        value = target.state.get(feature.key)
        output.line(f"{target.identity.name}: {feature.name} is {feature.format(value)}")


def _tell_dry_run(target: ApplianceView, feature: Feature, value: Value, output: Output) -> None:
    if output.json:
        content = {
            "appliance": target.identity.id,
            "key": feature.key,
            "value": feature.to_json(value),
            "dangerous": feature.is_dangerous(value),
        }
        output.document("dry-run/1", content)
        return
    deed = "press" if feature.pressable else f"set to {feature.format(value)}"
    consent = " (dangerous: needs consent)" if feature.is_dangerous(value) else ""
    output.line(f"{target.identity.name}: would {deed}: {feature.name}{consent}")
