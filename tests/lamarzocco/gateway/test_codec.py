"""Every published payload decodes completely; what is malformed is refused, and nothing else happens."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homewire.errors import ProtocolError
from homewire.lamarzocco.gateway.codec import (
    STREAM_KEYS,
    decode_configuration,
    decode_envelope,
    decode_json,
    decode_records,
    decode_stream,
    encode_json,
    has_envelope,
    unknown_fields,
    unknown_fields_of,
)
from homewire.lamarzocco.gateway.models import (
    Boiler,
    Configuration,
    Counter,
    FirmwareRecord,
    GrinderConfiguration,
    MachineStatistics,
    Snapshot,
    SystemInfo,
)
from homewire.lamarzocco.gateway.simulator import GatewaySimulator
from homewire.lamarzocco.models import MODELS

CAPTURES = Path(__file__).parents[2] / "captures" / "lamarzocco" / "gateway"
CONFIGURATIONS: list[tuple[str, type[Any], bool]] = [
    ("mini/configuration.json", Configuration, True),
    ("mini/configuration-gateway-v3.json", Configuration, True),
    ("pico/configuration.json", GrinderConfiguration, True),
    ("micra/configuration-gateway-v2.json", Configuration, False),
]


@pytest.mark.parametrize(("name", "kind", "enveloped"), CONFIGURATIONS)
def test_no_field_of_a_capture_is_lost(name: str, kind: type[Any], enveloped: bool) -> None:
    data = (CAPTURES / name).read_bytes()
    noticed: list[object] = []
    decoded = decode_configuration(data, kind, enveloped=enveloped, notice=lambda *what: noticed.append(what))
    assert unknown_fields_of(data, kind, enveloped=enveloped) == []
    assert noticed == []
    raw = json.loads(data)
    fields = raw["data"] if enveloped else raw
    if "MACHINEMODE" not in fields:
        assert _pruned(json.loads(encode_json(decoded))) == _pruned(fields)


def _pruned(value: Any) -> Any:
    """Leave out what a default says anyway, and whole numbers' decimal points."""
    if isinstance(value, dict):
        inner = {key: _pruned(each) for key, each in value.items()}
        return {key: each for key, each in inner.items() if each not in ([], {}, None)}
    if isinstance(value, list):
        return [_pruned(each) for each in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def test_every_value_of_the_mini() -> None:
    config = decode_configuration(
        (CAPTURES / "mini/configuration.json").read_bytes(), Configuration, enveloped=True
    )
    assert config.machine_mode == "StandBy"
    assert config.boilers == (
        Boiler(id="SteamBoiler", is_enabled=False, target=0, current=0),
        Boiler(id="CoffeeBoiler1", is_enabled=True, target=89, current=42),
    )
    assert config.scale is not None
    assert (config.scale.name, config.scale.battery) == ("LMZ-123A45", 64)
    assert config.preinfusion_settings is not None
    assert [(each.mode, each.pre_wet_time) for each in config.preinfusion_settings.group] == [
        ("TypeA", 2),
        ("TypeB", 0),
    ]
    assert {each.name: each.fw_version for each in config.firmware_versions} == {
        "machine_firmware": "2.12",
        "gateway_firmware": "v5.0.9",
    }


def test_capitals_and_texts_of_gateway_v2_are_understood() -> None:
    config = decode_configuration(
        (CAPTURES / "micra/configuration-gateway-v2.json").read_bytes(), Configuration
    )
    assert config.machine_mode == "BrewingMode"
    assert config.tank_status is True
    assert config.is_plumbed_in is False
    assert config.boilers[1] == Boiler(id="CoffeeBoiler1", is_enabled=True, target=94.5, current=None)
    assert config.weekly_scheduling_config is not None
    assert config.weekly_scheduling_config.monday.h_on == 24
    assert config.received == "2023-03-29T05:27:27.866Z"


def test_firmware_and_counters() -> None:
    firmware = decode_envelope((CAPTURES / "micra/firmware.json").read_bytes())
    assert list(unknown_fields(list(firmware.values()), FirmwareRecord)) == []
    data = (CAPTURES / "micra/statistics-counters.json").read_bytes()
    counters = decode_records(data, Counter)
    assert counters[0] == Counter(coffee_type=0, count=167)
    assert counters[-1] == Counter(coffee_type=-1, count=228)
    assert list(unknown_fields(decode_envelope(data), Counter)) == []


@pytest.mark.parametrize("gateway", ["v2.2-rc0", "v3.1", "v3.7", "v5.0.9"])
@pytest.mark.parametrize("model", [model.gateway_name for model in MODELS])
def test_the_simulator_invents_no_field(model: str, gateway: str) -> None:
    options = GatewaySimulator.Options(models=(model,), gateway=gateway, bluetooth=False)
    machine = GatewaySimulator(options).machine
    kind: type[Any] = GrinderConfiguration if machine.model.grinder else Configuration
    data = json.dumps(machine.configuration()).encode()
    noticed: list[object] = []
    decode_configuration(data, kind, notice=lambda *what: noticed.append(what))
    assert (unknown_fields_of(data, kind), noticed) == ([], [])


def test_unknown_fields_are_named_by_path() -> None:
    data = b'{"boilers": [{"id": "x", "colour": 1}], "teaDoses": {"DoseA": {"q": 1}}, "z": 1}'
    assert unknown_fields_of(data, Configuration) == ["boilers[].colour", "teaDoses.DoseA.q", "z"]
    assert unknown_fields_of(b"[]", Configuration) == []


def test_one_odd_field_does_not_hide_the_others() -> None:
    odd = b'"tankStatus": "perhaps", "clock": null, "settings": [1]'
    data = b'{"machineMode": "StandBy", "isPlumbedIn": true, ' + odd + b"}"
    noticed: list[tuple[str, object]] = []
    config = decode_configuration(data, Configuration, notice=lambda kind, what: noticed.append((kind, what)))
    assert (config.machine_mode, config.is_plumbed_in, config.tank_status) == ("StandBy", True, None)
    assert len(noticed) == 1
    assert "tankStatus" in str(noticed[0][1])


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b'"text"', b"null", b'{"data": 3}', b"\xff\xfe", b"[" * 100_000, b'{"a":1e999}'],
)
def test_what_is_no_configuration_is_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode_configuration(data, Configuration, enveloped=data.startswith(b'{"data'))


def test_records_without_an_array_are_refused_and_odd_ones_left_out() -> None:
    with pytest.raises(ProtocolError, match="no array"):
        decode_records(b'{"data": {}}', Counter)
    with pytest.raises(ProtocolError, match="envelope"):
        decode_records(b"[]", Counter)
    noticed: list[object] = []
    data = b'{"data": [{"coffeeType": 1, "count": 2}, {"coffeeType": "x"}, 7]}'
    assert decode_records(data, Counter, notice=lambda *what: noticed.append(what)) == [
        Counter(coffee_type=1, count=2)
    ]
    assert len(noticed) == 2
    assert decode_records(data, Counter) == [Counter(coffee_type=1, count=2)]


def test_malformed_json_names_the_offset() -> None:
    with pytest.raises(ProtocolError) as caught:
        decode_json(b'{"a": x}')
    assert caught.value.offset == 6


MESSAGES: list[tuple[str, Any, Any]] = [
    ("BrewingUpdateGroup1Time", 12, 12),
    ("BrewingUpdateGroup1Ev", True, True),
    ("WakeUp", "manual", "manual"),
    ("KeepAlive", {"any": 1}, {"any": 1}),
    (
        "BoilersTargetTemperature",
        '{"SteamBoiler": 131, "CoffeeBoiler1": 93.5}',
        {"SteamBoiler": 131, "CoffeeBoiler1": 93.5},
    ),
    (
        "BoilersTargetTemperature",
        '[{"id": "SteamBoiler", "value": 131}, {"id": "x"}]',
        {"SteamBoiler": 131.0},
    ),
    ("MachineStatistics", '{"tot_doses": 5}', MachineStatistics(tot_doses=5)),
    ("SystemInfo", {"boot_count": 3}, SystemInfo(boot_count=3)),
    ("FlushSnapshotGroup1", "{}", Snapshot()),
    ("MachineConfiguration", '{"machineMode": "StandBy"}', Configuration(machine_mode="StandBy")),
    ("MachineConfiguration", {"machineMode": "StandBy"}, Configuration(machine_mode="StandBy")),
    (
        "Boilers",
        '[{"id": "a", "isEnabled": true, "target": 1}]',
        (Boiler(id="a", is_enabled=True, target=1),),
    ),
]


@pytest.mark.parametrize(("key", "value", "expected"), MESSAGES)
@pytest.mark.parametrize("wrap", [lambda entry: entry, lambda entry: [entry]])
def test_stream_messages(key: str, value: Any, expected: Any, wrap: Any) -> None:
    batch = decode_stream(json.dumps(wrap({key: value})))
    assert batch.values == {key: expected}
    assert batch.unknown == {}


@pytest.mark.parametrize("key", [key for key in STREAM_KEYS if key != "KeepAlive"])
def test_a_known_key_with_an_odd_value_is_kept_aside(key: str) -> None:
    batch = decode_stream(json.dumps([{key: [1, [2]]}, {"WakeUp": "manual"}, {"Novelty": 1}]))
    assert batch.unknown == {key: [1, [2]], "Novelty": 1}
    assert batch.values == {"WakeUp": "manual"}


@pytest.mark.parametrize("data", ["", "7", '"x"', "[1]", "[null]", "{", "[{]", "null", "\udcff"])
def test_what_is_no_stream_message_is_refused(data: str) -> None:
    with pytest.raises(ProtocolError):
        decode_stream(data)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(list(STREAM_KEYS)) | st.text(), json_values, max_size=4))
def test_any_json_is_sorted_into_known_and_unknown(message: dict[str, Any]) -> None:
    batch = decode_stream(json.dumps([{key: value} for key, value in message.items()]))
    assert set(batch.values) | set(batch.unknown) == set(message)


@given(st.dictionaries(st.sampled_from(list(Configuration.__struct_fields__)), json_values))
def test_any_object_is_a_configuration_as_far_as_it_goes(fields: dict[str, Any]) -> None:
    data = json.dumps(fields).encode()
    assert isinstance(decode_configuration(data, Configuration), Configuration)
    unknown_fields_of(data, Configuration)


@pytest.mark.parametrize(
    ("data", "wrapped"),
    [
        (b'{"data": {"a": 1}, "status": true}', True),
        (b'{"MACHINE_MODE": "x"}', False),
        (b"{", False),
        (b"[]", False),
    ],
)
def test_an_envelope_is_told_from_a_bare_configuration(data: bytes, wrapped: bool) -> None:
    assert has_envelope(data) is wrapped
