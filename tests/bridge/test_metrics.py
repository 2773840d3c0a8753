from __future__ import annotations

import asyncio
import os
import re
import shutil

import pytest
from prometheus_client.parser import text_string_to_metric_families

from homewire.appliance import Origin
from homewire.bridge.metrics import Metrics, declared_metric, metric_name
from homewire.bridge.registry import Registry
from homewire.errors import CommandRejected
from homewire.features import Number, Sensor, Value
from homewire.kinds import installed_kinds
from tests.bridge.kitchen import MOMENT, KitchenConnection, entry


@pytest.fixture
async def page(registry: Registry) -> Metrics:
    metrics = Metrics(registry)
    await registry.apply([entry("Kitchen")])
    await KitchenConnection.made["Kitchen"].ready.wait()
    return metrics


def samples(metrics: Metrics) -> dict[str, float]:
    text = metrics.page()[0].decode()
    return {
        f"{sample.name}{sorted(sample.labels.items())}": sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


KETTLE = [("appliance", "test:kitchen")]


async def test_shows_numbers_in_base_units_and_leaves_out_what_is_unknown(page: Metrics) -> None:
    machine = KitchenConnection.made["Kitchen"].machine
    assert not [name for name in samples(page) if "temperature" in name]
    machine.publish(
        {"temperature": 93.5, "energy": 2.0, "door": True, "started": MOMENT, "cover": 40}, Origin.PUSH
    )
    found = samples(page)
    assert found[f"homewire_temperature_celsius{KETTLE}"] == 93.5
    assert found[f"homewire_energy_joules_total{KETTLE}"] == 7.2e6
    assert found[f"homewire_door{KETTLE}"] == 1
    assert found[f"homewire_started_timestamp_seconds{KETTLE}"] == MOMENT.timestamp()
    assert found[f"homewire_cover_ratio{KETTLE}"] == 0.4
    assert found[f"homewire_appliance_up{KETTLE}"] == 1


async def test_counts_commands_with_their_latency_and_unknown_inputs(page: Metrics) -> None:
    machine = KitchenConnection.made["Kitchen"].machine
    await machine.write("target", 95)
    machine.refusal = CommandRejected("the kettle is empty")
    with pytest.raises(CommandRejected):
        await machine.write("target", 96)
    machine.unknowns.note("programme", 187)
    machine.unknowns.note("programme", 187)
    found = samples(page)
    confirmed = [("appliance", "test:kitchen"), ("outcome", "confirmed"), ("path", "wire")]
    assert found[f"homewire_commands_total{confirmed}"] == 1
    rejected = [("outcome", "rejected"), ("path", "wire")]
    assert found[f"homewire_command_latency_seconds_count{rejected}"] == 1
    code = [("appliance", "test:kitchen"), ("code", "command_rejected")]
    assert found[f"homewire_command_errors_total{code}"] == 1
    kind = [("connection", "Kitchen"), ("kind", "programme")]
    assert found[f"homewire_protocol_unknown_total{kind}"] == 2


async def test_a_scrape_asks_no_appliance_for_anything(page: Metrics) -> None:
    machine = KitchenConnection.made["Kitchen"].machine
    before = machine.updated_at
    page.page()
    assert machine.updated_at == before
    assert machine.written == []


@pytest.mark.parametrize(
    ("key", "unit", "name"),
    [
        ("dose_b", "s", "homewire_doseb_seconds"),
        ("standby_minutes", "min", "homewire_standby_seconds"),
        ("remaining_seconds", "s", "homewire_remaining_seconds"),
        ("flow", "mL/s", "homewire_flow_liters_per_second"),
        ("connection_quality", None, "homewire_feature_connection_quality"),
        ("counter", "shots", "homewire_counter_shots"),
    ],
)
def test_names_follow_the_conventions(key: str, unit: str | None, name: str) -> None:
    assert metric_name(Number(key=key, name="X", unit=unit, minimum=0, maximum=1), 1.0) == name


@pytest.mark.parametrize("letter", "abcdm")
def test_features_that_differ_in_a_letter_have_names_that_do(letter: str) -> None:
    feature = Sensor(key=f"coffees_{letter}", name="Coffees", state_class="total_increasing")
    assert declared_metric(feature) == (f"homewire_coffees{letter}_total", "counter")


async def test_names_that_clash_make_no_page_that_prometheus_refuses(page: Metrics) -> None:
    """Keys that differ in a unit only, and a counter that is a gauge elsewhere."""
    machine = KitchenConnection.made["Kitchen"].machine
    more = [
        Sensor(key="run_seconds", name="Run", unit="s"),
        Sensor(key="run_minutes", name="Run in minutes", unit="min", state_class="total"),
        Sensor(key="run_hours", name="Run in hours", unit="h"),
        Sensor(key="appliance_up", name="Up"),
        Sensor(key="protocol_unknown", name="Unknown", state_class="total"),
    ]
    machine.replace_features([*machine.features.values(), *more])
    values: dict[str, Value] = {"run_seconds": 1, "run_minutes": 2, "run_hours": 3}
    machine.publish(values | {"appliance_up": 7, "protocol_unknown": 8}, Origin.PUSH)
    text = page.page()[0].decode()
    every = [
        (sample.name, *sorted(sample.labels.items()))
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    ]
    assert len(every) == len(set(every))
    types = re.findall(r"^# TYPE (\S+)", text, re.MULTILINE)
    assert len(types) == len(set(types))
    found = samples(page)
    assert found[f"homewire_run_seconds{KETTLE}"] == 1
    assert found[f"homewire_run_seconds_2_total{KETTLE}"] == 120
    assert found[f"homewire_run_seconds_3{KETTLE}"] == 10_800
    assert found[f"homewire_appliance_up{KETTLE}"] == 1
    assert found[f"homewire_feature_appliance_up{KETTLE}"] == 7
    assert found[f"homewire_feature_protocol_unknown_total{KETTLE}"] == 8


def test_the_name_of_every_feature_of_every_model_is_fine() -> None:
    for kind in installed_kinds().values():
        if kind.catalogue is None:
            continue
        for model, features in kind.load_catalogue()():
            names = [declared[0] for feature in features if (declared := declared_metric(feature))]
            assert len(names) == len(set(names)), model
            for name in names:
                assert re.fullmatch(r"[a-z][a-z0-9_]*[a-z0-9]", name), (model, name)


@pytest.mark.real_time
@pytest.mark.system
async def test_promtool_finds_nothing_to_complain_about(page: Metrics) -> None:
    machine = KitchenConnection.made["Kitchen"].machine
    machine.publish({"temperature": 93.5, "energy": 2.0, "door": True, "started": MOMENT}, Origin.PUSH)
    await machine.write("target", 95)
    program = shutil.which("promtool", path=f"{os.environ['PATH']}:/usr/sbin")
    assert program, "promtool is not installed: make system"
    process = await asyncio.create_subprocess_exec(
        program, "check", "metrics", stdin=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    _, complaints = await process.communicate(page.page()[0])
    assert (process.returncode, complaints.decode()) == (0, "")


def test_an_unknown_unit_goes_into_the_name() -> None:
    assert metric_name(Sensor(key="turns", name="Turns", unit="¼ turns"), 1) == "homewire_turns"
