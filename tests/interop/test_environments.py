from __future__ import annotations

import pytest
from tests.interop.environments import Environment, ForeignClientFailed, build, run_script

EMPTY = Environment("self-test", ())

pytestmark = pytest.mark.interop

ECHO = """
async def main(arguments):
    return {"doubled": arguments["number"] * 2}
"""


async def test_a_script_gets_arguments_and_returns_plain_data() -> None:
    assert await run_script(EMPTY, ECHO, {"number": 21}) == {"doubled": 42}
    assert await run_script(EMPTY, "result = [arguments['text']]", {"text": "ü"}) == ["ü"]


async def test_a_failing_script_tells_its_own_story() -> None:
    with pytest.raises(ForeignClientFailed, match=r"(?s)ZeroDivisionError.*a clue"):
        await run_script(EMPTY, "print('a clue'); 1/0", {})


async def test_a_hanging_script_is_ended() -> None:
    with pytest.raises(ForeignClientFailed, match="not finished"):
        await run_script(EMPTY, "import threading; threading.Event().wait()", {}, within_s=0.5)


def test_an_environment_is_built_once() -> None:
    python = build(EMPTY)
    marker = python.parents[1] / "stamp"
    built_at = marker.stat().st_mtime_ns
    build.cache_clear()
    assert build(EMPTY) == python
    assert marker.stat().st_mtime_ns == built_at


def test_a_python_that_nobody_has_is_named() -> None:
    with pytest.raises(ForeignClientFailed, match=r"needs one of Python 3\.99"):
        build(Environment("impossible", (), pythons=("3.99",)))
