"""What the long tests need from outside: CHINOOK, the folder of Chinook. Without it they are left out, and it is said."""

import os

collect_ignore = [] if os.environ.get("CHINOOK") else ["test_chinook.py", "test_chinook_plans.py"]


def pytest_report_header() -> str | None:
    """Name what is left out."""
    return "left out: what is about Chinook (CHINOOK=folder adds it)" if collect_ignore else None
