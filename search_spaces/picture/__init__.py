"""The picture of an architecture."""

from search_spaces.picture.drawing import draw

__all__ = ["draw"]
