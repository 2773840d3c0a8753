"""A catalogue that we export is one that asyncmiele 0.2.6 reads."""

from __future__ import annotations

import pytest
from tests.interop.environments import run_script
from tests.interop.test_asyncmiele import ASYNCMIELE
from tests.miele.test_programs import COTTONS, Machine

from homewire.miele.programs import ProgramCatalog, read_catalog

pytestmark = pytest.mark.interop

SCRIPT = """
from asyncmiele.programs import ProgramCatalog

def main(arguments):
    catalog = ProgramCatalog.from_dict(arguments["catalog"])
    cottons = catalog.programs_by_id[1]
    return {
        "type": catalog.device_type,
        "names": sorted(catalog.programs_by_name),
        "options": {option.name: [option.default, option.allowed_values] for option in cottons.options},
    }
"""


async def test_asyncmiele_reads_our_catalogue() -> None:
    machine = Machine({1: COTTONS, 3: {}})
    catalog = await read_catalog(machine, selecting=machine)
    seen = await run_script(ASYNCMIELE, SCRIPT, {"catalog": catalog.to_dict()})
    assert seen["type"] == "washing_machine"
    assert seen["names"] == ["cottons", "minimum_iron"]
    assert seen["options"]["temperature"] == [40, [0, 30, 40, 50, 60]]
    assert seen["options"]["spin_speed"] == [1600, [0, 1600]]
    assert ProgramCatalog.from_dict(catalog.to_dict()) == catalog
