from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from homewire import config_edit
from homewire.config import default_path, load, parse, resolve_secret
from homewire.errors import ConfigurationError, NotFound
from homewire.secrets import Secret
from tests.example import KettleSettings
from tests.kinds import example_kind

GOOD = """\
# my kitchen
[[connections]]
kind = "example"
name = "Kettle"
host = "127.0.0.1"
password = "env:KETTLE_PASSWORD"
allow = ["start"]

[mqtt]
host = "broker"
"""


@pytest.fixture(autouse=True)
def _example() -> Iterator[None]:
    with example_kind():
        yield


def test_reads_connections_with_typed_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KETTLE_PASSWORD", "hunter2")
    [entry] = parse(GOOD).connections
    assert entry.settings() == KettleSettings(host="127.0.0.1", password=Secret("hunter2"))
    connection = entry.connection()
    assert (connection.name, connection.allow.patterns) == ("Kettle", ("start",))


class Mqtt(msgspec.Struct, frozen=True, kw_only=True):
    host: str
    password: Secret | None = None


def test_other_tables_are_typed_by_who_uses_them() -> None:
    configuration = parse(GOOD)
    assert configuration.table("mqtt", Mqtt) == Mqtt(host="broker")
    assert configuration.table("http", Mqtt) is None
    with pytest.raises(ConfigurationError, match=r"homewire.toml:3: .*'hots'.* Did you mean host\?"):
        parse('\n[mqtt]\nhots = "x"').table("mqtt", Mqtt)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[[connections]\n", r"homewire.toml:1: this is not TOML"),
        (
            "\n[[conections]]\n",
            r"homewire.toml:2: there is no table or key 'conections'. Did you mean connections\?",
        ),
        ("answer = 42\n", r"homewire.toml:1: there is no table or key 'answer'. Known are: connections"),
        ("\nmqtt = 3\n", r"homewire.toml:2: mqtt must be a table. Write \[mqtt\]"),
        ('\nconnections = [{ name = "x" }]\n', r"homewire.toml:2: connection 1 needs the setting 'kind'"),
        ('[connections]\nkind = "example"\n', r"homewire.toml:1: connections must be tables"),
        ('[[connections]]\nname = "x"\n', r"homewire.toml:1: connection 1 needs the setting 'kind'"),
        ('[[connections]]\nkind = "example"\nallow = 3\n', r"homewire.toml:3: .*'allow' is wrong: expected"),
        (
            '[[connections]]\nkind = "a"\n[[connections]]\nkind = "a"\n',
            r"homewire.toml:3: two connections are called 'a'",
        ),
    ],
)
def test_a_wrong_file_is_named_with_line_and_suggestion(text: str, complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        parse(text)


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        (
            'kind = "exmaple"',
            r"homewire.toml:2: there is no connection kind 'exmaple'. Did you mean example\?",
        ),
        (
            'kind = "example"\nhots = "x"',
            r"homewire.toml:3: example has no setting 'hots'. Did you mean host\?",
        ),
        ("kind = 'example'\n'hots' = 'x'", r"homewire.toml:3: .* no setting 'hots'"),
        (
            'kind = "example"\nname = "tea"\nhots = "x"',
            r"homewire.toml:4: example 'tea' has no setting 'hots'",
        ),
        ('kind = "example"\nhost = "x"', r"homewire.toml:1: .* needs the setting 'password'"),
        ('kind = "example"\nhost = 1\npassword = "x"', r"homewire.toml:3: .*'host' is wrong: expected `str`"),
        (
            'kind = "example"\nhost = "x"\npassword = "env:NOT_SET"',
            r"homewire.toml:4: .*env:NOT_SET does not exist",
        ),
        (
            'kind = "example"\nhost = "x"\npassword = 5',
            r"homewire.toml:4: .*'password' is wrong: expected a text",
        ),
    ],
)
def test_a_wrong_connection_does_not_hide_the_others(lines: str, complaint: str) -> None:
    good = '\n[[connections]]\nkind = "example"\nname = "good"\nhost = "x"\npassword = "y"\n'
    bad, fine = parse(f"[[connections]]\n{lines}\n{good}").connections
    with pytest.raises(ConfigurationError, match=complaint):
        bad.settings()
    assert fine.settings() == KettleSettings(host="x", password=Secret("y"))


def test_a_secret_never_shows_in_an_error() -> None:
    [entry] = parse('[[connections]]\nkind = "example"\nhost = 1\npassword = "hunter2"\n').connections
    with pytest.raises(ConfigurationError) as caught:
        entry.settings()
    assert "hunter2" not in str(caught.value)


def test_secrets_come_from_references(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text("from file\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    monkeypatch.setenv("S", "from env")
    assert resolve_secret("file:secret", tmp_path).reveal() == "from file"
    assert resolve_secret("credential:secret").reveal() == "from file"
    assert resolve_secret("env:S").reveal() == "from env"
    assert resolve_secret("plain").reveal() == "plain"
    assert resolve_secret("pass:word").reveal() == "pass:word"
    for missing in ("env:NO", "file:no", "credential:no"):
        with pytest.raises(ConfigurationError, match="does not exist"):
            resolve_secret(missing, tmp_path)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        resolve_secret("file:.", tmp_path)


def test_secrets_come_from_the_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    import keyring

    held = {("kitchen/lm", "me"): "from keyring"}
    monkeypatch.setattr(keyring, "get_password", lambda service, user: held.get((service, user)))
    assert resolve_secret("keyring:kitchen/lm/me").reveal() == "from keyring"
    with pytest.raises(ConfigurationError, match="keyring set"):
        resolve_secret("keyring:kitchen/you")
    with pytest.raises(ConfigurationError, match="SERVICE/NAME"):
        resolve_secret("keyring:kitchen")


def test_a_secret_in_a_file_that_others_can_read_is_warned_about(tmp_path: Path) -> None:
    path = tmp_path / "homewire.toml"
    path.write_text(GOOD.replace("env:KETTLE_PASSWORD", "hunter2"))
    path.chmod(0o644)
    [warning] = load(path).warnings
    assert "chmod 600" in warning
    path.chmod(0o600)
    assert load(path).warnings == ()
    path.write_text(GOOD)
    path.chmod(0o644)
    assert load(path).warnings == ()


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="homewire discover"):
        load(tmp_path / "none.toml")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load(tmp_path)


def test_the_file_is_looked_for_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    monkeypatch.delenv("HOMEWIRE_CONFIG", raising=False)
    assert default_path() == tmp_path / "xdg" / "homewire" / "homewire.toml"
    Path("homewire.toml").touch()
    assert default_path() == Path("homewire.toml")
    monkeypatch.setenv("HOMEWIRE_CONFIG", "other.toml")
    assert default_path() == Path("other.toml")


def test_editing_keeps_comments_and_protects_the_file(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "homewire.toml"
    config_edit.put_connection(path, "example", "First", {"host": "a", "password": "x"})
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_text(GOOD)
    config_edit.put_connection(
        path, "example", "Second", {"host": "b", "password": "x", "port": None}, allow=("start",)
    )
    config_edit.put_connection(path, "example", "Kettle", {"host": "c", "password": "env:P"})
    text = path.read_text()
    assert "# my kitchen" in text
    first, second = parse(text).connections
    assert (first.values, first.allow) == ({"host": "c", "password": "env:P"}, ("start",))
    assert (second.values, second.allow) == ({"host": "b", "password": "x"}, ("start",))
    config_edit.remove_connection(path, "Second")
    assert [entry.name for entry in load(path).connections] == ["Kettle"]
    with pytest.raises(NotFound):
        config_edit.remove_connection(path, "Second")
    assert list(path.parent.iterdir()) == [path]


def test_editing_through_a_symbolic_link_keeps_the_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    real, link = tmp_path / "real" / "homewire.toml", tmp_path / "homewire.toml"
    real.write_text(GOOD)
    link.symlink_to(real)
    config_edit.put_connection(link, "example", "Second", {"host": "b", "password": "env:P"})
    assert link.is_symlink()
    assert "Second" in real.read_text()


def test_a_file_that_cannot_be_written_is_told_with_a_hint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "homewire.toml"
    path.write_text(GOOD)

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(ConfigurationError, match=r"Permission denied.*folder must be writable"):
        config_edit.put_connection(path, "example", "Second", {"host": "b", "password": "env:P"})
    assert path.read_text() == GOOD


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "homewire.toml"
    path.write_text(GOOD)

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ConfigurationError, match="No space left"):
        config_edit.put_connection(path, "example", "Second", {"host": "b", "password": "x"})
    assert path.read_text() == GOOD
    assert list(tmp_path.iterdir()) == [path]
