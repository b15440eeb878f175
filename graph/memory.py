"""Gives back memory that long runs have done with: what the collector has not met yet, and what the C library keeps."""

import ctypes
import gc
import sys
from functools import cache
from typing import Any

#: Rows between two calls.
ROWS = 50_000


def give_back() -> None:
    """Takes a part of a second: call it once in ROWS rows.

    Rows are made in one thread and dropped in another; glibc then keeps pages that hold a few live objects between many
    freed ones, so that a process grows with the rows it has seen.
    """
    gc.collect()
    if (trim := _trim()) is not None:
        trim(0)


@cache
def _trim() -> Any:
    """glibc's malloc_trim; None where there is none."""
    if sys.platform != "linux":
        return None
    try:
        return ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):
        return None
