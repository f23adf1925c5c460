"""The figures of several workers: a directory of files, one of each worker and kind, and what is left of ended ones.

In: the master of the workers, which makes the directory before they start and says when one has ended. Out: what an
ended worker has counted is added to one file for all of them, so that sums never fall and files do not pile up.
"""

import fcntl
from pathlib import Path

from prometheus_client.mmap_dict import MmapedDict

from crud.telemetry.figures import turn

SUMS = ("counter", "histogram")


def ended(folder: Path, pid: int) -> None:
    """A worker is no more."""
    with turn(folder, fcntl.LOCK_EX):
        for kind in SUMS:
            _add(folder / f"{kind}_{pid}.db", folder / f"{kind}_ended.db")
        for file in folder.glob(f"*_{pid}.db"):
            file.unlink()


def _add(file: Path, sums: Path) -> None:
    """Add the values of a file to those of another."""
    if not file.exists():
        return
    into = MmapedDict(str(sums))
    try:
        for key, value, _, _ in MmapedDict.read_all_values_from_file(str(file)):
            into.write_value(key, into.read_value(key)[0] + value, 0.0)
    finally:
        into.close()
