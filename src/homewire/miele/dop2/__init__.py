"""DOP2: the binary object protocol behind `/Devices/<route>/DOP2/<unit>/<attribute>`.

    model      types, fields, frames
    codec      bytes <-> frames, total and exact
    schema     how known leaves are declared; slots: the words of the declarations; tables_*: the declarations
    catalogue  all tables together: frames -> typed objects
    explain    a leaf for people
    requests   the writes: requests, selection, clock, settings
    settings   settings with names and units; notices: what is shown to the user, and answering it
    paging     leaves with several instances
    walk       everything an appliance tells, gently and resumable
    tree       leaves by address: recordings, and what a simulator serves

Source: docs/protocols/miele-dop2.md.
"""

from homewire.miele.dop2.catalogue import ATTRIBUTES, interpret
from homewire.miele.dop2.codec import decode, encode
from homewire.miele.dop2.model import Field, Frame, Type, Value
from homewire.miele.dop2.schema import Attribute, Structure

__all__ = [
    "ATTRIBUTES",
    "Attribute",
    "Field",
    "Frame",
    "Structure",
    "Type",
    "Value",
    "decode",
    "encode",
    "interpret",
]
