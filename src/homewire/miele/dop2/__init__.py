"""DOP2: the binary object protocol behind `/Devices/<route>/DOP2/<unit>/<attribute>`.

    codec      bytes <-> frames, total and exact
    model      frames, fields, types

Source: docs/protocols/miele-dop2.md.
"""

from homewire.miele.dop2.codec import decode, encode
from homewire.miele.dop2.model import Field, Frame, Type, Value

__all__ = ["Field", "Frame", "Type", "Value", "decode", "encode"]
