"""Which appliance and which feature a person means: by id, name, serial, connection, or part of these."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from homewire.cli.session import ApplianceView, Session
from homewire.errors import NotFound
from homewire.features import Category, Feature

__all__ = ["find_appliance", "find_appliances", "find_feature", "liveliest", "prominent", "slug"]


_MOST_SUGGESTED = 3


def slug(name: str) -> str:
    """Return the name as people type it: lower case, words joined by hyphens."""
    return re.sub(r"[^\w]+", "-", name.casefold()).strip("-")


def find_appliances(session: Session, wanted: tuple[str, ...]) -> list[ApplianceView]:
    """Return the appliances that are meant, all for none; raise NotFound."""
    if not wanted:
        return list(session.appliances.values())
    found: dict[str, ApplianceView] = {}
    for text in wanted:
        found |= {one.identity.id: one for one in _matching(session, text)}
    return list(found.values())


def find_appliance(session: Session, wanted: str) -> ApplianceView:
    """Return the one appliance that is meant; raise NotFound when there is none or more than one."""
    found = _matching(session, wanted)
    if len(found) > 1:
        names = ", ".join(sorted(_label(one) for one in found))
        raise NotFound(f"{wanted!r} may be any of these appliances: {names}", hint="Say which one.")
    return found[0]


def liveliest(appliances: Iterable[ApplianceView]) -> list[ApplianceView]:
    """Return the appliances with the most to see first: those that measure, then those to command."""
    return sorted(appliances, key=_liveliness, reverse=True)


def prominent(appliance: ApplianceView) -> list[Feature]:
    """Return the features that people look at and whose value is known."""
    return [
        one
        for key, one in appliance.features.items()
        if one.category is Category.PRIMARY
        and one.enabled_by_default
        and appliance.state.get(key) is not None
    ]


def _liveliness(appliance: ApplianceView) -> tuple[int, bool]:
    primary = prominent(appliance)
    measured = sum(one.state_class == "measurement" for one in primary)
    return measured, any(one.writable for one in primary)


def find_feature(appliance: ApplianceView, wanted: str) -> Feature:
    """Return the feature by its key or its name; raise NotFound with the nearest keys."""
    features = appliance.features
    keys = {slug(one.name): key for key, one in features.items()} | {slug(key): key for key in features}
    key = wanted if wanted in features else keys.get(slug(wanted))
    if key is not None:
        return features[key]
    part = slug(wanted)
    within = [one for one in keys if part and part in one]
    near = within or difflib.get_close_matches(part, keys, n=3)
    suggested = list(dict.fromkeys(keys[one] for one in near))[:_MOST_SUGGESTED]
    hint = f"Did you mean {' or '.join(suggested)}?" if suggested else "`homewire status` lists its features."
    raise NotFound(f"there is no feature {wanted!r}", appliance=appliance.identity.name, hint=hint)


def _matching(session: Session, wanted: str) -> list[ApplianceView]:
    appliances = list(session.appliances.values())
    folded = wanted.casefold()
    behind = {key for link in session.links if link.name.casefold() == folded for key in link.appliances}
    for exact in (_id, _name, _slug, _serial):
        if found := [one for one in appliances if exact(one) == folded]:
            return [one for one in found if one.identity.id in behind] or found
    part = slug(wanted)
    if found := [one for one in appliances if one.identity.id in behind]:
        return found
    if found := [one for one in appliances if part and (part in _slug(one) or part in slug(_id(one)))]:
        return found
    raise _nothing(wanted, appliances)


def _id(appliance: ApplianceView) -> str:
    return appliance.identity.id.casefold()


def _name(appliance: ApplianceView) -> str:
    return appliance.identity.name.casefold()


def _slug(appliance: ApplianceView) -> str:
    return slug(appliance.identity.name)


def _serial(appliance: ApplianceView) -> str | None:
    serial = appliance.identity.serial
    return serial.casefold() if serial else None


def _label(appliance: ApplianceView) -> str:
    return f"{appliance.identity.name} ({appliance.identity.id})"


def _nothing(wanted: str, appliances: list[ApplianceView]) -> NotFound:
    names = [one.identity.name for one in appliances]
    near = difflib.get_close_matches(wanted, names, n=2)
    if near:
        hint = f"Did you mean {' or '.join(near)}?"
    else:
        hint = f"There is: {', '.join(names)}." if names else "No appliance answered."
    return NotFound(f"there is no appliance {wanted!r}", hint=hint)
