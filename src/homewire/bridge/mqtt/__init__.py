"""The MQTT output: state, commands and discovery on any MQTT 5 broker.

`port` is what the output needs of a broker, `paho` how aiomqtt gives it; `topics` is the grammar
(docs/mqtt.md); `discovery` describes appliances to Home Assistant; `stale` finds our own leftovers;
`commands` reads and answers commands; `output` keeps it all going.
"""
