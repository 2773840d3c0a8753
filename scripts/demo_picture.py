"""Draw docs/images/demo.svg, the picture of the README, with the real program.

The demo home runs on virtual time, so the picture takes seconds: the machines warm up, pull shots, and obey
one command at the prompt.
"""

from __future__ import annotations

import asyncio
import io
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

from homewire.cli.dashboard import Dashboard
from homewire.cli.demo import demo_session
from homewire.cli.interpreter import Interpreter
from homewire.cli.output import Output
from homewire.simulation.time_travel import TimeTravelLoop

PICTURE = Path(__file__).parent.parent / "docs" / "images" / "demo.svg"
COMMAND = "coffee_target_temperature=94"
WIDTH, HEIGHT = 132, 40
WARM_UP_S = 14.0
SPEED = 10.0


async def draw() -> str:
    """Return the picture."""
    answers = io.StringIO()
    canvas = Console(
        record=True, file=io.StringIO(), width=WIDTH, height=HEIGHT - 2, force_terminal=True, highlight=False
    )
    async with demo_session((), SPEED, Output(sys.stdout, sys.stderr), keep_trying=True) as session:
        dashboard = Dashboard(session)
        with dashboard.following():
            await asyncio.sleep(WARM_UP_S)
            interpreter = Interpreter(session, Output(answers, answers))
            await interpreter.run(COMMAND)
            await asyncio.sleep(0.5)
            canvas.print(dashboard)
    canvas.print(Text(answers.getvalue().strip()))
    canvas.print(Text.assemble((interpreter.prompt, "bold"), COMMAND))
    return canvas.export_svg(title="homewire demo")


def main() -> None:
    """Draw the picture and say where it is."""
    with asyncio.Runner(loop_factory=TimeTravelLoop) as runner:
        picture = runner.run(draw())
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    PICTURE.write_text(picture)
    print(PICTURE)


if __name__ == "__main__":
    main()
