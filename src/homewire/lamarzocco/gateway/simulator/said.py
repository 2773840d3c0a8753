"""What the simulated machine says at the end of a shot, and its statistics.

Source: `lamarzocco-gateway.md`, section 10.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

__all__ = ["End", "flush_ended", "shot_ended", "statistics"]

_SHOT_S = 28
_LITRES_PER_SHOT = 0.06


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """How a shot ended: after how many seconds and pulses, and why."""

    shot: Mapping[str, Any]
    seconds: float
    pulses: int
    reason: str


def shot_ended(end: End) -> list[dict[str, Any]]:
    """Return the batch that ends a shot (section 10.1)."""
    return [
        {"BrewingStoppedGroup1StopType": end.shot["type"]},
        {"BrewingStoppedGroup1DoseIndex": end.shot["index"]},
        {"BrewingStoppedGroup1Time": end.seconds},
        {"BrewingStoppedGroup1Volume": end.pulses},
        {"BrewingStoppedGroup1StopReason": end.reason},
    ]


def flush_ended(end: End, group: Mapping[str, Any], degrees: float) -> list[dict[str, Any]]:
    """Return the batch that ends a flush: a snapshot and three keys (section 10.3)."""
    own, index = group["capabilities"], end.shot["index"]
    capabilities = {
        "groupType": own["groupType"],
        "boilerId": own["boilerId"],
        "boilerTemperature": degrees,
        "boilerTemperatureAtStart": degrees,
        "hasScale": own["hasScale"],
        "hasFlowmeter": own["hasFlowmeter"],
    }
    snapshot = {
        "groupConfiguration": {
            "groupNumber": "Group1",
            "capabilities": capabilities,
            "dose": {"doseIndex": index, "stopTarget": end.shot["target"], "doseType": "PulsesType"},
            "doseMode": {"brewingType": group["doseMode"]["brewingType"]},
        },
        "flushInfo": {
            "doseIndex": index,
            "stopReason": "Manual",
            "time": end.seconds,
            "stopType": "Volumetric",
            "volume": end.pulses,
        },
    }
    return [
        {"FlushSnapshotGroup1": json.dumps(snapshot)},
        {"FlushStoppedGroup1DoseIndex": index},
        {"FlushStoppedGroup1Time": end.seconds},
        {"FlushStoppedGroup1Volume": end.pulses},
    ]


def statistics(counters: Mapping[int, int], machine_on_s: float) -> dict[str, Any]:
    """Return the content of `MachineStatistics` (section 10.4) from the drink counters."""
    doses = [{f"Dose{key}": counters[index]} for index, key in enumerate("ABCD")]
    total = sum(count for kind, count in counters.items() if kind >= 0)
    group = {
        "doses": [*doses, {"ContinuousDose": counters[4]}],
        "clean": counters[-1],
        "ev_activations": total + counters[-1],
        "ev_ontime": total * _SHOT_S,
    }
    return {
        "groups": [group],
        "tot_doses": total,
        "boilers": [{"rsteam_ontime": 0}, {"rcoffee_ontime": 0}],
        "tea": {"count": 0, "ev_activation": 0, "ev_ontime": 0},
        "pump_ontime": total * _SHOT_S,
        "machine_ontime": int(machine_on_s),
        "refill_ontime": 0,
        "count_liter": round(total * _LITRES_PER_SHOT, 2),
    }
