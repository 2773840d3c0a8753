"""Paging follows the keys that appliances give, and ends whatever they say."""

from __future__ import annotations

import pytest

from homewire.errors import CommandRejected, ConnectionLost, HomewireError, NotFound, ProtocolError
from homewire.miele.dop2 import Frame, encode
from homewire.miele.dop2.paging import Pager, checked, read_pages


class Pages:
    """An appliance whose leaf 2/105 answers a request for a key with a pair of indices, or an error."""

    def __init__(self, pages: dict[int, tuple[int, int] | HomewireError]) -> None:
        self.pages = pages
        self.asked: list[int] = []

    async def read_leaf(self, unit: int, attribute: int, idx1: int = 0, idx2: int = 0) -> bytes:
        assert idx2 == 0
        self.asked.append(idx1)
        answer = self.pages[idx1]
        if isinstance(answer, HomewireError):
            raise answer
        return encode(Frame(unit=unit, attribute=attribute, idx1=answer[0], idx2=answer[1]))


@pytest.mark.parametrize(
    ("pages", "keys", "asked"),
    [
        ({0: (0, 0)}, [0], [0]),
        ({0: (1, 1)}, [1], [0]),
        ({0: (1017, 1011), 1011: (1011, 1018), 1018: (1018, 1018)}, [1017, 1011, 1018], [0, 1011, 1018]),
        # section 4: unit 9 announces a next instance on every leaf, and has none
        ({0: (0, 1), 1: (0, 1)}, [0], [0, 1]),
        ({0: (0, 1), 1: NotFound("no")}, [0], [0, 1]),
        ({0: (0, 2), 2: CommandRejected("asleep")}, [0], [0, 2]),
        # a ring of keys
        ({0: (5, 6), 6: (6, 5)}, [5, 6], [0, 6]),
        # another instance than asked for
        ({0: (5, 6), 6: (9, 10)}, [5], [0, 6]),
    ],
)
async def test_keys_are_followed_to_their_end(
    pages: dict[int, tuple[int, int] | HomewireError], keys: list[int], asked: list[int]
) -> None:
    appliance = Pages(pages)
    assert [frame.idx1 async for frame in read_pages(appliance, 2, 105)] == keys
    assert appliance.asked == asked


async def test_an_endless_list_is_cut() -> None:
    appliance = Pages({key: (key, key + 1) for key in range(100)})
    assert len([frame async for frame in read_pages(appliance, 2, 105, limit=10)]) == 10


@pytest.mark.parametrize("first", [True, False])
async def test_a_lost_link_is_not_the_end_of_a_list(first: bool) -> None:
    lost = ConnectionLost("gone")
    appliance = Pages({0: lost} if first else {0: (0, 1), 1: lost})
    with pytest.raises(ConnectionLost):
        [frame async for frame in read_pages(appliance, 2, 105)]


def test_a_first_reply_always_belongs() -> None:
    assert Pager().belongs(Frame(unit=2, attribute=105, idx1=7))


def test_the_wrong_leaf_is_refused() -> None:
    with pytest.raises(ProtocolError, match="asked for leaf 2/256, got 2/1586"):
        checked(encode(Frame(unit=2, attribute=1586)), 2, 256)
