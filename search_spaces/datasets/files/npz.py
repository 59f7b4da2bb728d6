"""NumPy's ``.npz`` files: named arrays, the example as their first axis.

**Names.** ``x`` and ``y``; with several, ``x_NAME`` and ``y_NAME`` (``x_text``, ``x_question``, ``y_age``), or plain
names (``text``, ``question``, ``age``) with ``target`` naming the outputs. A lone plain ``label``, ``labels``,
``target`` or ``targets`` is the output without being told. Each name may end in ``_train``, ``_val``, ``_validation``
or ``_test`` (or begin with ``train_``, …); all then do, in the same parts, the training part among them. What is
missing of validation and test is taken from the training part, seeded and stratified. The fields of the data set are
called NAME, or x and y.

**Inputs**, by shape and type, where ``kinds`` does not say otherwise:

| array | kind |
|---|---|
| (n,) | vector of one |
| (n, columns) | tokens if the type is an integer other than bytes and no value is negative, else vector |
| (n, a, b) | image, grey, if bytes, else sequence (steps, features) |
| (n, height, width, channels) | image |

Images of values up to 255 (or whole ones up to 65,535) are divided by that, so that they go from 0 to 1, and bytes of
vectors and sequences by 255; all else is used as it is, as 32-bit numbers.

**Outputs**, (n,) or (n, 1), where ``kinds`` or ``task`` do not say otherwise: texts, truths and whole numbers with few
different values (at most 20 or the root of the examples, and each twice on average) are classes; other whole numbers,
and all fractions, are numbers. One-hot arrays (n, classes) are classes. Labels other than 0 … classes - 1 are put in
order and become the class names.
"""

from dataclasses import replace
from pathlib import Path

from search_spaces.datasets.dataset import Dataset
from search_spaces.datasets.files import archives
from search_spaces.datasets.files.archives import Archive
from search_spaces.datasets.files.arrays import Plan, planned
from search_spaces.datasets.files.description import Description, Limits, Told
from search_spaces.datasets.files.naming import laid_out
from search_spaces.datasets.files.npy import stored_arrays


def describe(path: Path, format: str, told: Told, limits: Limits) -> Description:
    """What the arrays are; all values are looked at. Raises BadFile."""
    with archives.opened(path, limits) as archive:
        plan = _plan(archive, told, limits)
        return replace(plan.description, preview=plan.preview())


def load(path: Path, format: str, told: Told, limits: Limits, name: str) -> Dataset:
    """The arrays in three parts. Raises BadFile."""
    with archives.opened(path, limits) as archive:
        plan = _plan(archive, told, limits)
        return plan.dataset(name, f"{format} file")


def _plan(archive: Archive, told: Told, limits: Limits) -> Plan:
    arrays = stored_arrays(archive)
    return planned(arrays, laid_out(arrays, told), told, limits)
