"""The tables of the history, as the newest migration leaves them.

A series is one feature of one appliance. Its changes are `samples`: a value holds from its moment until the
next sample of the series. Switches are numbers 0 and 1; a sample with neither number nor text says "unknown".
`rollups` are what remains of old samples: time-weighted means with extremes per bucket. `occurrences` are
events with their own data. `marks` remember how far rolling up and pruning have come.

All moments are microseconds since 1970 in UTC: exact, sortable, and the same in every database. Every key is
natural, so that writing a batch again changes nothing.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

__all__ = ["UNSTORED", "marks", "metadata", "occurrences", "rollups", "samples", "series"]

metadata = MetaData()

series = Table(
    "series",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("appliance", String(200), nullable=False),
    Column("key", String(200), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("name", String(200), nullable=False, server_default=""),
    Column("unit", String(40)),
    UniqueConstraint("appliance", "key", name="series_of_appliance"),
)

samples = Table(
    "samples",
    metadata,
    Column("series_id", Integer, ForeignKey("series.id"), primary_key=True),
    Column("at", BigInteger, primary_key=True),
    Column("number", Double),
    Column("text", Text),
    sqlite_with_rowid=False,
)

occurrences = Table(
    "occurrences",
    metadata,
    Column("series_id", Integer, ForeignKey("series.id"), primary_key=True),
    Column("at", BigInteger, primary_key=True),
    Column("type", String(100), primary_key=True),
    Column("data", Text, nullable=False),
    sqlite_with_rowid=False,
)

rollups = Table(
    "rollups",
    metadata,
    Column("series_id", Integer, ForeignKey("series.id"), primary_key=True),
    Column("level", Integer, primary_key=True),  # seconds per bucket
    Column("at", BigInteger, primary_key=True),
    Column("known", BigInteger, nullable=False),  # microseconds of the bucket with a known value
    Column("mean", Double),
    Column("minimum", Double),
    Column("maximum", Double),
    Column("last", Double),
    sqlite_with_rowid=False,
)

marks = Table(
    "marks",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("until", BigInteger, nullable=False),
)

UNSTORED = frozenset({"button", "event"})
"""Kinds of feature without a value over time."""
