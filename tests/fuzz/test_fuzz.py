"""Every decoder takes mutated messages; `python -m tests.fuzz` takes more and others."""

from __future__ import annotations

import pytest

from tests.fuzz.harness import Finding, Target, all_targets, fuzz, work

PARTS = 2  # so that two processors share the work
TARGETS = {target.name: target for target in all_targets()}


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("name", TARGETS)
def test_decoders_take_anything(name: str, part: int) -> None:
    inputs = TARGETS[name].inputs // PARTS
    report = fuzz(TARGETS[name], inputs, seed=part)
    assert 0 < report.accepted < report.inputs == inputs
    assert f"{inputs} inputs" in str(report)


def test_a_finding_names_its_input() -> None:
    def check(data: bytes) -> bool:
        if b"\xff" in data:
            raise ValueError("boom")
        return True

    with pytest.raises(Finding, match=r"ValueError\('boom'\) for .*ff"):
        fuzz(Target(name="x", seeds=lambda: [b"\xfe" * 8], check=check), 1000)


def test_too_much_work_is_a_finding() -> None:
    def check(data: bytes) -> bool:
        return all(data.count(byte) for byte in data for _ in data)

    with pytest.raises(Finding, match="calls for"):
        fuzz(Target(name="x", seeds=lambda: [bytes(400)], check=check), 1000)


def test_work_is_counted_in_calls() -> None:
    assert work(lambda data: [len(data) for _ in range(100)], b"") >= 100
