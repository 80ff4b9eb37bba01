"""When the garbage collector runs."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# Python's own numbers for young objects; collections of the middle generation between two full ones. Python
# also makes one whenever a quarter has been added to what is old, which after `gc.freeze` is every few
# seconds. What requests leave to the collector is young: 800 objects of 20,000 requests at most.
_YOUNG, _MIDDLE, _FULL = 700, 10, 10_000


@contextmanager
def no_collections() -> Iterator[None]:
    """Keep the garbage collector off while the block runs.

    For a start: hundreds of modules make a million objects that stay, and the collector would walk through
    them again and again.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def collect_rarely() -> None:
    """Make full collections rare, and spare existing objects.

    A full collection stops all threads: 150 ms where phrases and words have been met. Large objects must
    not wait for one to be freed; a replaced classifier does not.
    """
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _FULL)
