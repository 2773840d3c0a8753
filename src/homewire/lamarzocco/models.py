"""The machines and grinders of the home line: one table for every generation's package.

Sources: `lamarzocco-gateway.md` sections 3, 8.3 and 13, `lamarzocco-cloud.md` section 6.2.
"""

from __future__ import annotations

import dataclasses
import enum

__all__ = ["MODELS", "Model", "Steam", "find_model", "model_of_serial"]


class Steam(enum.StrEnum):
    """How the steam boiler's target is set (`lamarzocco-gateway.md`, section 13)."""

    FIXED = "fixed"
    LEVELS = "levels"
    RANGE = "range"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model: what each generation calls it and what it can do.

    `dose_keys` are the keys with a volumetric dose. `brew_by_weight` models take a scale.
    """

    title: str
    gateway_name: str
    cloud_code: str
    cloud_name: str
    family: str
    serial_prefix: str
    bluetooth_prefix: str | None
    grinder: bool = False
    dose_keys: tuple[str, ...] = ()
    steam: Steam = Steam.FIXED
    prebrew: bool = False
    brew_by_weight: bool = False
    hot_water_dose: bool = False


MODELS = (
    Model(
        title="Linea Micra",
        gateway_name="Micra",
        cloud_code="LINEAMICRA",
        cloud_name="LINEA MICRA",
        family="MICRA",
        serial_prefix="MR",
        bluetooth_prefix="MICRA",
        steam=Steam.LEVELS,
        prebrew=True,
    ),
    Model(
        title="Linea Mini",
        gateway_name="Linea Mini",
        cloud_code="LINEAMINI",
        cloud_name="LINEA MINI",
        family="LINEA",
        serial_prefix="LM",
        bluetooth_prefix="MINI",
        prebrew=True,
        brew_by_weight=True,
    ),
    Model(
        title="Linea Mini R",
        gateway_name="Linea Mini R",
        cloud_code="LINEAMINIR",
        cloud_name="LINEA MINI 2023",
        family="LINEA",
        serial_prefix="MI",
        bluetooth_prefix="MINI",
        prebrew=True,
        brew_by_weight=True,
    ),
    Model(
        title="GS3 AV",
        gateway_name="GS3 AV",
        cloud_code="GS3AV",
        cloud_name="GS3AV",
        family="GS3AV",
        serial_prefix="GS",
        bluetooth_prefix="GS3",
        dose_keys=("A", "B", "C", "D"),
        steam=Steam.RANGE,
        prebrew=True,
        hot_water_dose=True,
    ),
    Model(
        title="GS3 MP",
        gateway_name="GS3 MP",
        cloud_code="GS3MP",
        cloud_name="GS3MP",
        family="GS3MP",
        serial_prefix="GS",
        bluetooth_prefix="GS3",
        steam=Steam.RANGE,
        hot_water_dose=True,
    ),
    Model(
        title="Pico",
        gateway_name="Pico",
        cloud_code="PICOGRINDER",
        cloud_name="PICOGRINDER",
        family="PICOG",
        serial_prefix="GR",
        bluetooth_prefix=None,
        grinder=True,
        dose_keys=("A", "B"),
    ),
)


def find_model(name: str) -> Model | None:
    """Return the model that any generation calls so, whatever the case and spacing; None when unknown."""
    wanted = _plain(name)
    for model in MODELS:
        if wanted in map(_plain, (model.title, model.gateway_name, model.cloud_code, model.cloud_name)):
            return model
    return None


def model_of_serial(serial: str) -> Model | None:
    """Return the model that a serial number's prefix tells; the GS3's two share one: the AV is returned."""
    prefix = serial[:2].upper()
    return next((model for model in MODELS if model.serial_prefix == prefix), None)


def _plain(name: str) -> str:
    return name.replace(" ", "").replace("_", "").upper()
