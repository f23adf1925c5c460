"""Imports: files of rows, read one row at a time and written in one transaction.

In: a binary stream (`cells`: CSV; `documents`: JSON and JSON lines) and the resource as somebody shows it. Out: rows
with their numbers, which `engine` writes, all or none. Nothing here holds more than one chunk of a file.
"""
