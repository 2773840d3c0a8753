"""The command line: one module per command group, imported when it is used.

Standard output carries data, standard error the rest. `homewire.cli.app` knows the commands and what all of
them have in common, `homewire.cli.main` runs one and turns what went wrong into a line and an exit code.
Appliances are reached only through a `Session` (`homewire.cli.session`), so that a command does not care
whether it talks to them itself or asks a bridge that does.
"""
