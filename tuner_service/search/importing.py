"""Libraries that are imported when they are first needed, by one thread at a time.

Python has a lock for each module. Where two threads would wait for each other's, it lets one go on with a module that
is half done, and its import fails: SciPy's modules need each other in enough ways for that.
"""

import threading

IMPORTING = threading.RLock()
"""Held around every import that is not at the top of a file here. What is imported so may import so itself."""
