"""Settings with their units, notices with their buttons."""

from __future__ import annotations

import pytest
from tests.miele.dop2.notation import RECORDINGS

from homewire.errors import CommandRejected, InvalidValue
from homewire.miele.dop2 import decode, encode
from homewire.miele.dop2.notices import NoticeKind, notices
from homewire.miele.dop2.settings import read_setting, read_settings
from homewire.miele.dop2.tables_notifications import AcknowledgeNotification, NotificationsShown
from homewire.miele.dop2.tables_programs import SettingList, SettingValue
from homewire.miele.dop2.tree import LeafTree


def appliance() -> LeafTree:
    tree = LeafTree()
    tree.put(SettingList.build(valid_count=4, setting_ids=(1017, 1113, 30, 9999, 0)))
    pages = [
        (1017, {"interpretation": 38, "current": 0, "minimum": 0, "maximum": 1, "step": 1, "validity": 5}),
        (
            1113,
            {"interpretation": 2, "current": 160, "minimum": 30, "maximum": 250, "step": 5, "validity": 5},
        ),
        (9999, {"interpretation": 6, "validity": 128, "current": 0}),
    ]
    tree.put_pages(SettingValue, 2, [(key, {"setting_id": key} | values) for key, values in pages])
    return tree


async def test_settings_have_names_units_and_ranges() -> None:
    found = {setting.id: setting async for setting in read_settings(appliance())}
    assert list(found) == [1017, 1113, 9999]  # 30 is listed, but not delivered
    camera, warmth, asleep = found.values()
    assert (camera.name, camera.value, camera.is_switch) == ("camera_activation", False, True)
    assert (warmth.value, warmth.minimum, warmth.maximum, warmth.unit) == (160, 30, 250, "°C")
    assert warmth.name == "proposed_temperature_program_13_hot_air_plus"
    assert (asleep.value, asleep.minimum, asleep.name) == (None, None, "unknown 9999")
    assert warmth.changed(180).get(4) == 180
    with pytest.raises(InvalidValue, match="30 to 250 in steps of 5"):
        warmth.changed(182)


async def test_another_setting_than_asked_for_is_none() -> None:
    tree = LeafTree()
    tree.put(RECORDINGS["oven"][2, 105], key=0)
    tree.put(RECORDINGS["oven"][2, 105], key=30)
    assert await read_setting(tree, 30) is None
    tree.put(SettingList.build(valid_count=1, setting_ids=(30,)))
    assert [setting async for setting in read_settings(tree)] == []


class Asleep(LeafTree):
    async def read_leaf(self, unit: int, attribute: int, idx1: int = 0, idx2: int = 0) -> bytes:
        if attribute == SettingValue.number:
            raise CommandRejected("asleep", reason_code=500)
        return await super().read_leaf(unit, attribute, idx1, idx2)


async def test_a_sleeping_appliance_is_told() -> None:
    tree = Asleep()
    tree.put(SettingList.build(valid_count=1, setting_ids=(30,)))
    with pytest.raises(CommandRejected):
        [setting async for setting in read_settings(tree)]


def test_occupied_slots_are_notices() -> None:
    empty = {"id": 0, "parameters": (0,), "buttons": (0,)}
    shown = NotificationsShown(
        NotificationsShown.build(
            unit=2,
            infos=[
                {"id": 81, "parameters": (1, 2), "buttons": (1, 0)},
                {"id": 7, "text": "Own words"},
                empty,
            ],
            messages=[{"id": 11018, "buttons": (1,)}, empty],
            errors=[{"code": 5, "buttons": (3,)}, {"code": 0}],
            queries=[{"id": 3, "buttons": (7, 8, 200)}],
        )
    )
    found = notices(shown)
    assert [(each.kind, each.text, each.buttons) for each in found] == [
        (NoticeKind.ERROR, "error 5", ("abort",)),
        (NoticeKind.QUERY, "query 3", ("yes", "no", "unknown_200")),
        (NoticeKind.MESSAGE, "message 11018", ("ok",)),
        (NoticeKind.INFO, "please_remove_food_probe", ("ok",)),
        (NoticeKind.INFO, "Own words", ()),
    ]
    assert found[3].parameters == (1, 2)


def test_an_answer_presses_an_offered_button() -> None:
    shown = NotificationsShown.build(unit=2, messages=[{"id": 11018, "buttons": (1,)}])
    (notice,) = notices(NotificationsShown(decode(encode(shown))))
    written = AcknowledgeNotification(notice.answer())
    assert (written.message_id, written.info_id, written.button) == (11018, 0, 1)
    with pytest.raises(InvalidValue, match="Allowed: ok"):
        notice.answer("yes")


def test_the_recorded_oven_shows_nothing() -> None:
    for unit in (1, 2):
        if (unit, 131) in RECORDINGS["oven"]:
            assert notices(NotificationsShown(decode(RECORDINGS["oven"][unit, 131]))) == ()
