"""Schema migrations, carried out by Alembic whenever the history is opened."""
