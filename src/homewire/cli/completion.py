"""`homewire completion`: the script that lets a shell complete commands, options and names."""

from __future__ import annotations

from typing import Annotated, Literal

from cyclopts import Parameter

from homewire.cli.output import Output

__all__ = ["completion"]


def completion(
    shell: Annotated[Literal["bash", "zsh", "fish"], Parameter(help="Which shell.")],
    /,
    *,
    install: Annotated[bool, Parameter(help="Write it to where the shell looks for it.")] = False,
    output: Annotated[Output, Parameter(parse=False)],
) -> None:
    """Print the completion script of a shell, or install it.

    For example in ~/.bashrc: `eval "$(homewire completion bash)"`.
    """
    from homewire.cli.app import make_app  # noqa: PLC0415 - it brought us here

    app = make_app(output)
    if install:
        place = app.install_completion(shell=shell, add_to_startup=True)
        output.line(f"{place}")
        output.note("Open a new terminal to use it.")
    else:
        output.line(app.generate_completion(shell=shell))
