from __future__ import annotations

from homewire.unknowns import Unknowns


def test_counts_and_tells_the_first() -> None:
    unknowns = Unknowns()
    assert [unknowns.note("programme", 187) for _ in range(3)] == [True, False, False]
    assert unknowns.note("prefix", "9x")
    assert unknowns.report() == [
        {"kind": "prefix", "value": "9x", "count": 1},
        {"kind": "programme", "value": "187", "count": 3},
    ]
    assert unknowns.totals == {"programme": 3, "prefix": 1}


def test_a_peer_cannot_fill_the_memory() -> None:
    unknowns = Unknowns()
    for number in range(5000):
        unknowns.note("programme", number)
    unknowns.note("text", "x" * 10_000)
    assert len(unknowns.report()) == 1000
    assert max(len(entry["value"]) for entry in unknowns.report()) <= 200
    assert unknowns.totals["programme"] == 5000
