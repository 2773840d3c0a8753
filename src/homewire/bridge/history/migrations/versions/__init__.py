"""The database revisions, oldest first: initial, rollups."""
