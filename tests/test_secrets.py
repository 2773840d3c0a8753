from __future__ import annotations

import io
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homewire.secrets import HIDDEN, RedactingFilter, Secret, redact

_TOKEN = st.text(alphabet="abcdefghijkmnopqrstuvwxyzABCDEFGH0123456789", min_size=12)


def test_a_secret_shows_itself_only_when_asked() -> None:
    secret = Secret("hunter2")
    assert "hunter2" not in f"{secret} {secret!r}"
    assert secret.reveal() == "hunter2"
    assert secret == Secret("hunter2")
    assert len({secret, Secret("hunter2")}) == 1
    assert secret != "hunter2"
    assert not Secret("")


@given(
    _TOKEN,
    st.sampled_from(["password", "Authorization", "communicationKey", "GroupKey", "access_token", "key"]),
)
def test_nothing_under_a_secret_key_survives(token: str, key: str) -> None:
    shown = str(redact({"outer": [{key: token}, {"plain": Secret(token)}]}))
    assert token not in shown


@given(_TOKEN)
def test_nothing_secret_in_text_survives(token: str) -> None:
    for text in (
        f"password={token}",
        f'{{"access_token": "{token}"}}',
        f"Authorization: Bearer {token}",
        f"mqtt://user:{token}@broker",
        f"{{'password': '{token}'}}",
        f"client_secret='two {token}'",
        f'{{"communicationKey": "a \\"quoted\\" {token}"}}',
    ):
        assert token not in redact(text)


def test_a_word_before_the_secret_hides_nothing_of_it() -> None:
    assert redact("a=token=hunter2hunter") == f"a=token={HIDDEN}"
    assert redact("a tokens and token: hunter2hunter") == f"a tokens and token: {HIDDEN}"


@pytest.mark.parametrize(
    "piece", ["x", "-", "password", "token=", 'token"', "token ", "bearer ", "a=", "a:b@", "password\n"]
)
def test_long_texts_are_searched_in_linear_time(piece: str) -> None:
    text = piece * (500_000 // len(piece))
    assert redact(text), "a quadratic search would take hours"


def test_hiding_in_quotes_leaves_json_what_it_is() -> None:
    assert redact('{"key_a": 1, "token": "a, b", "x": 2}') == f'{{"key_a": 1, "token": "{HIDDEN}", "x": 2}}'


def test_harmless_data_stays() -> None:
    data = {"name": "Kitchen", "keys": 4, "values": [1, 2.5, None, b"raw"], "key": 3}
    assert redact(data) == data


def test_logs_are_redacted() -> None:
    record = logging.LogRecord("n", logging.INFO, "f", 1, "password=%s", ("hunter2hunter",), None)
    assert RedactingFilter().filter(record)
    assert record.getMessage() == f"password={HIDDEN}"


def test_tracebacks_in_logs_are_redacted() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(RedactingFilter())
    logger = logging.getLogger("homewire.test_secrets")
    logger.addHandler(handler)
    try:
        raise ValueError("no good: {'token': 'hunter2hunter'}")
    except ValueError:
        logger.exception("It failed")
    assert "It failed" in stream.getvalue()
    assert "ValueError" in stream.getvalue()
    assert "hunter2" not in stream.getvalue()
