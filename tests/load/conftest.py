"""What makes applications for the tests of the dialects makes them here, too."""

from tests.dialects.conftest import applications, make_app

__all__ = ["applications", "make_app"]
