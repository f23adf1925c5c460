"""The sample project for what concerns access: the fixtures of the dialects' tests."""

from tests.dialects.conftest import (
    admin,
    applications,
    client,
    database_url,
    empty_url,
    fresh,
    fresh_home,
    fresh_url,
    make_app,
    sample,
    template,
    user,
)

__all__ = [
    "admin",
    "applications",
    "client",
    "database_url",
    "empty_url",
    "fresh",
    "fresh_home",
    "fresh_url",
    "make_app",
    "sample",
    "template",
    "user",
]
