"""The bridge: the service that a home leaves running (`homewire run`).

`service` starts what homewire.toml asks for: the `registry` of connections and appliances, and the outputs,
each of which has only `start` and `stop` and is handed the registry: `mqtt`, `http`, `metrics`, `history`.
Everything here knows appliances and features only; a new vendor needs no line in this package.
"""
