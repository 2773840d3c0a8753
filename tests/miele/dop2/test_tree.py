"""Leaves by address: recordings come in and go out unchanged, appliances are served from them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.miele.dop2.notation import CAPTURES, RECORDINGS

from homewire.errors import NotFound, ProtocolError
from homewire.miele.dop2 import decode, encode
from homewire.miele.dop2.paging import read_pages
from homewire.miele.dop2.tables_module import VisibleNetwork
from homewire.miele.dop2.tables_programs import SettingValue
from homewire.miele.dop2.tables_state import CombinedState
from homewire.miele.dop2.tree import LeafTree

OVEN = (CAPTURES / "oven-dop2.json").read_text()


def test_a_recording_comes_out_as_it_went_in() -> None:
    tree = LeafTree.from_recording(OVEN)
    assert len(tree) == 105
    assert tree.as_recording() == json.loads(OVEN)


async def test_a_recording_answers_like_the_appliance() -> None:
    tree = LeafTree.from_recording(json.loads(OVEN))
    assert sorted(await tree.list_units()) == [1, 2, 3, 8, 9, 12, 14, 15]
    assert 1599 in await tree.list_attributes(1)
    assert await tree.read_leaf(2, 256) == RECORDINGS["oven"][2, 256]
    assert decode(await tree.read_leaf(2, 105)).idx1 == 1017


@pytest.mark.parametrize("where", [(2, 9999, 0), (99, 1, 0), (2, 105, 1011)])
def test_what_is_not_there_is_not_found(where: tuple[int, int, int]) -> None:
    tree = LeafTree.from_recording(OVEN)
    with pytest.raises(NotFound):
        tree.leaf(*where)


def test_removed_and_empty_units() -> None:
    tree = LeafTree()
    tree.put(CombinedState.build(appliance_state=4))
    tree.remove(2, 1586)
    tree.remove(2, 1586)
    tree.remove(7, 1)
    assert tree.units() == ()
    with pytest.raises(NotFound, match="unit 2"):
        tree.attributes(2)


async def test_pages_are_chained_and_survive_a_recording() -> None:
    tree = LeafTree()
    tree.put_pages(SettingValue, 2, [(key, {"setting_id": key, "current": key % 7}) for key in (30, 12, 17)])
    tree.put_pages(VisibleNetwork, 14, [])
    again = LeafTree.from_recording(json.dumps(tree.as_recording()))
    for each in (tree, again):
        pages = [frame async for frame in read_pages(each, 2, 105)]
        assert [(frame.idx1, frame.idx2) for frame in pages] == [(30, 12), (12, 17), (17, 17)]
    assert tree.units() == (2,)


def test_live_leaves_are_made_when_they_are_read() -> None:
    states = iter((1, 4))
    tree = LeafTree()
    tree.put_live(2, 1586, lambda: CombinedState.build(appliance_state=next(states)))
    assert decode(tree.leaf(2, 1586)).get(1) == 1
    assert tree.as_recording() == {"2": {"1586": encode(CombinedState.build(appliance_state=4)).hex()}}


@pytest.mark.parametrize(
    ("recording", "reason"),
    [
        ("[1, 2]", "an object"),
        ("{", "recording"),
        ('{"2": 5}', "an object"),
        ('{"2": {"256": 5}}', "not hex"),
        ('{"2": {"256": "zz"}}', "not hex"),
        ('{"2": {"256": "0008000206320000"}}', "length"),
        ('{"2": {"256": "00080002063200000000"}}', "holds leaf 2/1586"),
        ('{"70000": {}}', "0 to 65535"),
    ],
)
def test_what_is_no_recording_is_a_protocol_error(recording: str, reason: str) -> None:
    with pytest.raises(ProtocolError, match=reason):
        LeafTree.from_recording(recording)


def test_notes_in_a_recording_are_skipped() -> None:
    recording: dict[str, Any] = {"about": "mine", "2": {"note": "x", "1586": "00080002063200000000"}}
    assert list(LeafTree.from_recording(recording)) == [(2, 1586, 0)]


@pytest.mark.parametrize(
    "hostile",
    [b"\xff", b'{"2": ' + b"[" * 100_000, b'{"2": {"' + b"9" * 5000 + b'": ""}}', b'{"2": {"65536": ""}}'],
)
def test_a_hostile_recording_is_a_protocol_error(hostile: bytes) -> None:
    with pytest.raises(ProtocolError, match="recording"):
        LeafTree.from_recording(hostile)
