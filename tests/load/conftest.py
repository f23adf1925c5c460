"""What makes applications for the tests of the dialects makes them here, too."""

from tests.dialects.conftest import make_app

__all__ = ["make_app"]
