"""`python -m tests.lamarzocco.direct.test_docs` writes the page that the test compares."""

from __future__ import annotations

from pathlib import Path

from homewire.lamarzocco.direct.memory import markdown_table

PAGE = Path(__file__).parents[3] / "docs" / "lamarzocco-direct-memory.md"

HEAD = """# The memory of the direct machines

Every value that homewire reads and sets on the [direct machines](lamarzocco-direct.md), made from the table
of the code (`homewire.lamarzocco.direct.memory_map`) from which reading, writing and simulator derive too.
Addresses are hexadecimal. The factory block and the front panel lie one or two bytes lower on older firmware.
The sections are those of [protocols/lamarzocco-tcp.md](protocols/lamarzocco-tcp.md).
"""


def page() -> str:
    return f"{HEAD}\n{markdown_table()}\n"


def test_the_page_is_current() -> None:
    assert PAGE.read_text() == page()


if __name__ == "__main__":
    PAGE.write_text(page())
