"""Rollups for what is old, marks for how far they have come, and the feature's name beside its key."""

import sqlalchemy as sa
from alembic import op

revision = "rollups"
down_revision = "initial"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables and name the series that exist by their keys."""
    op.add_column("series", sa.Column("name", sa.String(200), nullable=False, server_default=""))
    series = sa.table("series", sa.column("name"), sa.column("key"))
    op.execute(sa.update(series).values(name=series.c.key))
    op.create_table(
        "rollups",
        sa.Column("series_id", sa.Integer, sa.ForeignKey("series.id"), primary_key=True),
        sa.Column("level", sa.Integer, primary_key=True),
        sa.Column("at", sa.BigInteger, primary_key=True),
        sa.Column("known", sa.BigInteger, nullable=False),
        sa.Column("mean", sa.Double),
        sa.Column("minimum", sa.Double),
        sa.Column("maximum", sa.Double),
        sa.Column("last", sa.Double),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "marks",
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("until", sa.BigInteger, nullable=False),
    )
