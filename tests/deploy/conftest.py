"""Applications, and services behind real nginx and gunicorn."""

from tests.dialects.conftest import applications, make_app

__all__ = ["applications", "make_app"]
