"""The deployment files, as far as they can be checked without a container engine."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # published without types

from homewire.bridge.settings import BridgeSettings, HttpSettings, MqttSettings, check_exposure
from homewire.config import parse

DEPLOY = Path(__file__).parents[2] / "deploy"
STEPS = {"FROM", "RUN", "COPY", "ENV", "USER", "VOLUME", "EXPOSE", "STOPSIGNAL"} | {
    "HEALTHCHECK",
    "ENTRYPOINT",
    "CMD",
    "WORKDIR",
}


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
    return loaded


def test_compose_has_the_three_services_and_publishes_on_loopback_only() -> None:
    services = compose()["services"]
    assert set(services) == {"bridge", "mosquitto", "prometheus"}
    ports = [port for service in services.values() for port in service["ports"]]
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_compose_names_nothing_that_does_not_exist() -> None:
    document = compose()
    for service in document["services"].values():
        for volume in service.get("volumes", ()):
            source = volume.partition(":")[0]
            if source.startswith("./"):
                assert (DEPLOY / source).exists(), source
            else:
                assert source in document["volumes"]
        assert set(service.get("secrets", ())) <= set(document["secrets"])
        assert set(service.get("depends_on", ())) <= set(document["services"])
    assert (DEPLOY.parent / document["services"]["bridge"]["build"]["dockerfile"]).exists()


def test_the_example_configuration_is_right(tmp_path: Path) -> None:
    text = (DEPLOY / "config" / "homewire.example.toml").read_text("utf-8")
    (tmp_path / "http-token").write_text("a token")
    configuration = parse(text.replace("/run/secrets", str(tmp_path)), str(tmp_path / "homewire.toml"))
    http = configuration.table("http", HttpSettings)
    mqtt = configuration.table("mqtt", MqttSettings)
    assert http is not None
    assert mqtt is not None
    check_exposure(http)
    assert http.allowed_hosts == ("bridge",)
    assert configuration.table("bridge", BridgeSettings) is None
    assert mqtt.host in compose()["services"]
    targets = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text("utf-8"))
    assert targets["scrape_configs"][0]["static_configs"][0]["targets"] == [f"bridge:{http.port}"]


def test_the_image_copies_what_exists_and_does_not_run_as_root() -> None:
    lines = re.sub(r"\\\n", " ", (DEPLOY / "Dockerfile").read_text("utf-8")).splitlines()
    steps = [line.split(maxsplit=1) for line in lines if line and not line.startswith("#")]
    for word, rest in steps:
        assert word in STEPS
        if word == "COPY" and "--from" not in rest:
            assert all((DEPLOY.parent / source).exists() for source in rest.split()[:-1]), rest
    assert ["USER", "homewire"] in steps


def test_the_unit_asks_for_readiness_and_watchdog() -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # systemd's keys have capitals
    unit.read_string((DEPLOY / "systemd" / "homewire.service").read_text("utf-8"))
    service = unit["Service"]
    assert service["Type"] == "notify"
    assert int(service["WatchdogSec"]) > 0
    assert int(service["TimeoutStopSec"]) > 5
    assert service["RestartPreventExitStatus"] == "9"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="this system has no systemd")
def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    unit = (DEPLOY / "systemd" / "homewire.service").read_text("utf-8")
    program = shutil.which("systemd-analyze") or ""
    installed = unit.replace("/opt/homewire/bin/homewire", sys.executable)
    (tmp_path / "homewire.service").write_text(installed)
    done = subprocess.run(  # noqa: S603 - a fixed command
        [program, "verify", "--man=no", str(tmp_path / "homewire.service")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "homewire.service" in done.stderr) == (0, False), done.stderr


@pytest.mark.system
def test_prometheus_understands_its_configuration() -> None:
    program = shutil.which("promtool", path=f"{os.environ['PATH']}:/usr/sbin")
    assert program, "promtool is not installed: make system"
    done = subprocess.run(  # noqa: S603 - a fixed command
        [program, "check", "config", "--syntax-only", str(DEPLOY / "prometheus" / "prometheus.yml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
