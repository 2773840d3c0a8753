"""The simulated account: what the cloud believes, and rules R8 to R16 of section 18 of the page.

`handle` takes one request and returns what it answers and which objects it changed; who is told, and when, is
the server's business. Covers travel one step a second, by the clock.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Iterable
from typing import Any, Final

from homewire.clock import Clock
from homewire.homismart.codes import DeviceType, ErrorCode, Group, Kind
from homewire.homismart.models import is_hub, kind_of, read_cover, read_whole
from homewire.homismart.prefixes import ANSWERS, LIST_REPLIES, ReceivePrefix, RequestPrefix
from homewire.homismart.requests import password_digest

__all__ = ["Reaction", "Refused", "SimulatedAccount"]

_STEP_S: Final = 1.0
_STEP_POINTS: Final = 10
"""The motion model of rule R9: one report per second, ten points per step."""

_HIGHEST_TYPE: Final = 255
"""The first two characters of an id look like the type code in hex (section 8.1)."""

_LEVELS: Final = {str(level): level for level in range(101) if level != 99}  # noqa: PLR2004 - 99 is stop
_STOP: Final = "99"


class Refused(Exception):
    """The account refuses a request with an error code."""

    def __init__(self, code: int) -> None:
        super().__init__(f"code {code}")
        self.code = code


@dataclasses.dataclass(slots=True)
class Reaction:
    """What a request brings: a reply to its sender; objects and keys that everybody is told about."""

    reply: tuple[ReceivePrefix, Any] | None = None
    changed: list[str] = dataclasses.field(default_factory=list)
    keys: frozenset[str] = frozenset()


class SimulatedAccount:
    """One account with its objects. `report` is called with id and keys when an object changed by itself.

    `forbidden` and `outside_hours` name shared devices that this account may not control (now). `motion` lets
    covers travel instead of arriving at once, ten points in every `step_s`; `reports_steps` False lets them
    report only where they stand in the end, as what real ones do is not known (section 8.5).
    """

    def __init__(
        self,
        username: str,
        password: str,
        objects: Iterable[dict[str, Any]],
        *,
        clock: Clock,
        motion: bool = True,
    ) -> None:
        self.username = username
        self.digest = password_digest(password)
        self.objects: dict[str, dict[str, Any]] = {o["id"]: o for o in objects}
        self.terms_pending = False
        self.forbidden: set[str] = set()
        self.outside_hours: set[str] = set()
        self.motion = motion
        self.step_s = _STEP_S
        self.reports_steps = True
        self.report: Callable[[str, frozenset[str]], object] = lambda _device_id, _keys: None
        self._clock = clock
        self._travels: dict[str, asyncio.TimerHandle] = {}

    def close(self) -> None:
        """Let every cover stand."""
        for travel in self._travels.values():
            travel.cancel()
        self._travels.clear()

    @property
    def moving(self) -> frozenset[str]:
        """The covers that are on their way."""
        return frozenset(self._travels)

    def handle(self, prefix: RequestPrefix, body: Any) -> Reaction:
        """Carry out one request of a client that is logged in; raise Refused."""
        handler = self._handlers().get(prefix)
        if handler is not None:
            return handler(_object(body))
        reply = ANSWERS.get(prefix)
        if reply is None:
            return Reaction()
        return Reaction(reply=(reply, [] if reply in LIST_REPLIES else {"result": True}))  # R16

    def change(self, device_id: str, **keys: Any) -> None:
        """Let an object change by itself, as by a wall button, and report it."""
        self.objects[device_id].update(keys)
        self._touch(device_id)
        self.report(device_id, frozenset(keys))

    def put(self, record: dict[str, Any]) -> None:
        """Add an object, or set another in its place, and report it (R18)."""
        self.objects[record["id"]] = record
        self.report(record["id"], frozenset(record))

    def remove(self, device_id: str) -> None:
        """Take an object away without a word, as others' deletions are (R14, R18)."""
        del self.objects[device_id]
        self._halt(device_id)

    def _handlers(self) -> dict[RequestPrefix, Callable[[dict[str, Any]], Reaction]]:
        return {
            RequestPrefix.LIST_DEVICES: self._list,
            RequestPrefix.DEVICE_CONTROL: self._control,
            RequestPrefix.MODIFY_DEVICE: self._modify,
            RequestPrefix.LED_SET: self._led,
            RequestPrefix.CURTAIN_CLOSED_POSITION: self._closed_position,
            RequestPrefix.CONTROL_ALL: self._control_all,
            RequestPrefix.ADD_DEVICE: self._add,
            RequestPrefix.DELETE_DEVICE: self._delete,
            RequestPrefix.OPERATION_TIME: self._operation_time,
            RequestPrefix.TERMS_ACCEPT: self._accept_terms,
            RequestPrefix.HEARTBEAT: lambda _body: Reaction(),  # R15
        }

    def _list(self, _body: dict[str, Any]) -> Reaction:
        return Reaction(reply=(ReceivePrefix.DEVICE_LIST, list(self.objects.values())))

    def _control(self, body: dict[str, Any]) -> Reaction:
        """R8: apply power, lastOn, curtainState and operationTime; ignore the other keys."""
        known = self._controllable(body.get("id"))
        state = body.get("curtainState")
        moves = known["id"] in self._travels or state != known.get("curtainState")  # or it is an echo
        if kind_of(known).cover and state is not None and moves:
            self._move(known, state)
        if isinstance(body.get("power"), bool):
            known["power"] = body["power"]
        for key in ("lastOn", "operationTime"):
            if key in body:
                known[key] = body[key]
        return self._changed(known, "power", "lastOn", "curtainState", "operationTime")

    def _modify(self, body: dict[str, Any]) -> Reaction:
        """R10: name, icon and lock; all four keys must be there."""
        known = self._controllable(body.get("devid"))
        if not isinstance(body.get("name"), str) or not isinstance(body.get("iconId"), str):
            raise Refused(ErrorCode.PARAMETER_ERROR)
        if body.get("lock") not in ("1", "2"):
            raise Refused(ErrorCode.PARAMETER_ERROR)
        known |= {"name": body["name"], "iconId": body["iconId"]}
        if not is_hub(known["id"]):
            known["lock"] = body["lock"]
        return self._changed(known, "name", "iconId", "lock")

    def _led(self, body: dict[str, Any]) -> Reaction:
        """R11."""
        known = self._controllable(body.get("devid"))
        known["led"] = _whole(body.get("ledDevice"), 100)
        return self._changed(known, "led")

    def _closed_position(self, body: dict[str, Any]) -> Reaction:
        """R11: types 4 and 5 only."""
        known = self._controllable(body.get("deviceSN"))
        if not kind_of(known).cover:
            raise Refused(ErrorCode.PARAMETER_ERROR)
        known["closedPosition"] = _whole(body.get("closedPosition"), 10)
        return self._changed(known, "closedPosition")

    def _operation_time(self, body: dict[str, Any]) -> Reaction:
        """Take an id under any of its three names, and `operationTime`, as is likely (section 13.1)."""
        known = self._controllable(body.get("id") or body.get("devid") or body.get("deviceSN"))
        known["operationTime"] = _whole(body.get("operationTime"), 3600)
        return self._changed(known, "operationTime")

    def _control_all(self, body: dict[str, Any]) -> Reaction:
        """R12: everything that matches and is on line; `45` opens on "1"."""
        action, group = body.get("action"), _whole(body.get("type"), _HIGHEST_TYPE)
        if action not in ("0", "1"):
            raise Refused(ErrorCode.PARAMETER_ERROR)
        changed = []
        for known in self.objects.values():
            if _in_group(known, group) and self._online(known):
                if kind_of(known).cover:
                    self._move(known, "0" if action == "1" else "100")
                else:
                    known["power"] = action == "1"
                self._touch(known["id"])
                changed.append(known["id"])
        return Reaction(changed=changed, keys=frozenset({"power", "curtainState", "updateTime"}))

    def _add(self, body: dict[str, Any]) -> Reaction:
        """Take a device object: what the real request contains is not known (section 10.7)."""
        if not isinstance(body.get("id"), str) or not body["id"]:
            return Reaction(reply=(ReceivePrefix.ADD_RESULT, {"result": False}))
        if body["id"] in self.objects:
            raise Refused(ErrorCode.DEVICE_EXISTS)
        self.objects[body["id"]] = dict(body)
        self._touch(body["id"])
        return Reaction(
            reply=(ReceivePrefix.ADD_RESULT, {"result": True, "status": self.objects[body["id"]]})
        )

    def _delete(self, body: dict[str, Any]) -> Reaction:
        """R14."""
        device_id = body.get("devid")
        if not isinstance(device_id, str) or device_id not in self.objects:
            return Reaction(reply=(ReceivePrefix.DELETE_RESULT, {"result": False}))
        self.remove(device_id)
        return Reaction(reply=(ReceivePrefix.DELETE_RESULT, {"result": True, "status": {"id": device_id}}))

    def _accept_terms(self, _body: dict[str, Any]) -> Reaction:
        """R15."""
        self.terms_pending = False
        return Reaction(reply=(ReceivePrefix.TERMS_RESULT, {}))

    def _changed(self, known: dict[str, Any], *keys: str) -> Reaction:
        self._touch(known["id"])
        return Reaction(changed=[known["id"]], keys=frozenset({*keys, "updateTime"}))

    def _controllable(self, device_id: object) -> dict[str, Any]:
        """R8: return the object if it is known, can be reached and may be controlled now."""
        known = self.objects.get(device_id) if isinstance(device_id, str) else None
        if known is None:
            raise Refused(ErrorCode.PARAMETER_ERROR)
        hub = self._hub_of(known)
        if hub is not None and not hub.get("onLine"):
            raise Refused(ErrorCode.HUB_OFFLINE)
        if not known.get("onLine", True):
            raise Refused(ErrorCode.DEVICE_NO_RESPONSE)
        if known["id"] in self.forbidden:
            raise Refused(ErrorCode.PERMISSION_DENIED)
        if known["id"] in self.outside_hours:
            raise Refused(ErrorCode.OUTSIDE_ACTIVITY_HOURS)
        return known

    def _online(self, known: dict[str, Any]) -> bool:
        hub = self._hub_of(known)
        return bool(known.get("onLine")) and (hub is None or bool(hub.get("onLine")))

    def _hub_of(self, known: dict[str, Any]) -> dict[str, Any] | None:
        """Return the hub that an object depends on: a hub depends on itself."""
        hub_id = known["id"] if is_hub(known["id"]) else known.get("pid")
        return self.objects.get(hub_id) if isinstance(hub_id, str) else None

    def _touch(self, device_id: str) -> None:
        if not is_hub(device_id):
            self.objects[device_id]["updateTime"] = int(self._clock.now().timestamp() * 1000)

    def _move(self, known: dict[str, Any], state: object) -> None:
        """R9: a level, or stop; anything else is refused."""
        device_id = known["id"]
        position = read_cover(known.get("curtainState")).vendor_level or 0
        if state == _STOP:
            self._halt(device_id)
            known["curtainState"] = str(200 + position)
            return
        target = _LEVELS.get(state) if isinstance(state, str) else None
        if target is None:
            raise Refused(ErrorCode.PARAMETER_ERROR)
        self._halt(device_id)
        if self.motion and target != position:
            known["curtainState"] = str(position)
            self._travels[device_id] = self._clock.call_later(self.step_s, self._step, device_id, target)
        else:
            known["curtainState"] = str(target)

    def _step(self, device_id: str, target: int) -> None:
        known = self.objects[device_id]
        position = read_whole(known["curtainState"]) or 0
        distance = max(-_STEP_POINTS, min(_STEP_POINTS, target - position))
        if position + distance == target:
            del self._travels[device_id]
        else:
            self._travels[device_id] = self._clock.call_later(self.step_s, self._step, device_id, target)
        known["curtainState"] = _reported(position + distance)
        if self.reports_steps or device_id not in self._travels:
            self.change(device_id, curtainState=known["curtainState"])

    def _halt(self, device_id: str) -> None:
        travel = self._travels.pop(device_id, None)
        if travel is not None:
            travel.cancel()


def _reported(position: int) -> str:
    return "98" if position == 99 else str(position)  # noqa: PLR2004 - 99 is no position (section 8.5)


def _object(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise Refused(ErrorCode.PARAMETER_ERROR)
    return body


def _whole(value: object, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise Refused(ErrorCode.PARAMETER_ERROR)
    return value


def _in_group(known: dict[str, Any], group: int) -> bool:
    kind = kind_of(known)
    if kind is Kind.HUB or not (kind.switchable or kind.cover):
        return False
    if group in (Group.ALL, Group.COVERS):
        return group == Group.ALL or kind.cover
    return read_whole(known.get("type")) == DeviceType(group)
