"""`python -m homewire.cli`: the same as `homewire`."""

from homewire.cli.main import main

main()
