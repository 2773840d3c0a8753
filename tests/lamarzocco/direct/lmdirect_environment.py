"""The released lmdirect 0.9.4 in an environment of its own, and how to point it at our simulators."""

from __future__ import annotations

from typing import Any

from tests.interop.environments import Environment

from homewire.lamarzocco.direct.simulator import DirectSimulator

LMDIRECT = Environment(
    "lmdirect",
    (
        "lmdirect==0.9.4",
        "Authlib==0.15.6",
        "anyio==4.9.0",
        "certifi==2025.4.26",
        "cryptography==44.0.3",
        "h11==0.16.0",
        "httpcore==1.0.9",
        "httpx==0.28.1",
        "idna==3.10",
        "pycryptodome==3.22.0",
        "typing_extensions==4.13.2",
    ),
    pythons=("3.11", "3.10", "3.12", "3.9", "3.13"),
    pip="23.2.1",  # later ones refuse the form in which lmdirect states its dependencies
)

# lmdirect has the account's addresses as constants; the simulated account stands under ours.
PRELUDE = """
import asyncio
import lmdirect, lmdirect.connection, lmdirect.const

def point(account):
    for module in (lmdirect, lmdirect.connection, lmdirect.const):
        for name, value in list(vars(module).items()):
            if name.endswith("_URL") and isinstance(value, str):
                setattr(module, name, account + "/" + value.split("/", 3)[3])

async def known(machine, *names):
    for _ in range(1500):
        if all(name in machine.current_status for name in names):
            return
        await asyncio.sleep(0.01)
    missing = [name for name in names if name not in machine.current_status]
    raise AssertionError(f"lmdirect has not learned {missing}")
"""


def machine_info(simulator: DirectSimulator) -> dict[str, Any]:
    """Return what lmdirect needs to reach a simulated machine and its account."""
    assert simulator.account is not None
    login = simulator.account.credentials
    return {
        "host": "127.0.0.1",
        "port": simulator.port,
        "client_id": login.client_id,
        "client_secret": login.client_secret,
        "username": login.username,
        "password": login.password,
    }


def arguments(simulator: DirectSimulator) -> dict[str, Any]:
    """Return a script's arguments."""
    assert simulator.account is not None
    return {"info": machine_info(simulator), "account": simulator.account.url}
