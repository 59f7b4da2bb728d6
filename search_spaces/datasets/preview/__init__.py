"""A look at a data set: a few examples, and how its values are spread. Plain JSON of bounded size, without Keras.

``{"samples": [{"inputs": {name: {"picture"|"text": …}}, "outputs": {name: text}}], "histograms": [{"name", "unit",
"least", "most", "counts", "missing"}], "classes": {name: [{"name", "count"}]}}``, all of the training part.
"""

from search_spaces.datasets.preview.of_arrays import of_dataset

__all__ = ["of_dataset"]
