"""A module of an extra that is not installed."""

import not_there  # type: ignore[import-not-found]  # that is the point

Thing = not_there.Thing
