"""Folders of files as sources: every CSV, JSON and NDJSON file is a table that can be read.

In: a folder, and what definitions say of its tables. Out: a read-only SQLite database of this process, in memory where
the system has a place for that, with all files in it; or a `ConfigError` that names the file and what is wrong with it.
"""
