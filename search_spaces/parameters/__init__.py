"""A hypermodel's parameters: given from outside to build it, and found by building it."""
