"""Definitions: what a configuration says, read and checked.

In: files. Out: `Config`, or every mistake with its place.
"""

from crud.definitions.reading import check_config, config_for_database, read_config

__all__ = ["check_config", "config_for_database", "read_config"]
