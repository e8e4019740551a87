"""Whose turn it is to compute: one thread fewer than there are processors.

Those who append to the log need a processor often and for a moment only, and every other writer
waits for them. With twenty searches computing at once an append took a second, and some were
refused; the searches themselves are no slower for computing one after the other.
"""

import os
from threading import BoundedSemaphore


def turns() -> BoundedSemaphore:
    """Return what a thread holds while it computes; one for the engine and the marking."""
    return BoundedSemaphore(max(1, (os.cpu_count() or 1) - 1))
