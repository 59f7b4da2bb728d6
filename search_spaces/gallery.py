"""Pictures of all families at the book's sizes, for the documents: ``python -m search_spaces.gallery FOLDER``."""

import sys
from pathlib import Path

import keras

from search_spaces import registry
from search_spaces.parameters import presets
from search_spaces.picture import draw


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, family in registry.FAMILIES.items():
        keras.utils.clear_session()  # so that layers are numbered from the beginning
        model = presets.build(registry.build(name, family.book), {})
        (folder / f"{name}.svg").write_text(draw(model), encoding="utf-8")


if __name__ == "__main__":
    main()
