"""An architecture is drawn whatever kind of model it is; the picture is plain XML of bounded size."""

import re
from typing import Any
from xml.etree import ElementTree

import keras
import pytest
from keras import layers

from search_spaces import picture
from search_spaces.picture import drawing
from search_spaces.picture import layout as picture_layout
from search_spaces.picture.layout import Layout, arrange

SVG = "{http://www.w3.org/2000/svg}"


def boxes(model: keras.Model) -> list[str]:
    """What each box says when pointed at, in the order of the flow."""
    root = ElementTree.fromstring(picture.draw(model))
    return [group.findtext(f"{SVG}title", "") for group in root.findall(f"{SVG}g/{SVG}g")]


def arrows(model: keras.Model) -> int:
    root = ElementTree.fromstring(picture.draw(model))
    (heads,) = (path.get("d", "") for path in root.iter(f"{SVG}path") if _is(path, "arch-head"))
    return heads.count("M")


def _is(element: Any, name: str) -> bool:
    return bool(element.get("class") == name)


def sequential() -> keras.Model:
    return keras.Sequential(
        [keras.Input((64,), name="features"), layers.Dense(32, name="hidden"), layers.Dense(1)],
        name="small",
    )


class Subclassed(keras.Model):  # type: ignore[misc]  # Keras has no types
    def __init__(self) -> None:
        super().__init__(name="own")
        self.first = layers.Dense(3, name="first")
        self.second = layers.Dense(4, name="second")

    def call(self, x: Any) -> Any:
        return self.second(self.first(x))


def deep(length: int) -> keras.Model:
    entry = features = keras.Input((4,))
    for index in range(length):
        step = layers.Activation("relu")(features)
        features = layers.Add()([features, step]) if index % 3 == 0 else step
    return keras.Model(entry, features)


def test_sequential() -> None:
    found = boxes(sequential())
    assert found[:2] == ["features, InputLayer, 64", "hidden, Dense, 32, 2,080 parameters"]
    assert (len(found), arrows(sequential())) == (3, 2)
    assert "2,113 parameters in 3 layers" in picture.draw(sequential())


def test_several_inputs_and_outputs_in_their_order() -> None:
    left, right = keras.Input((8, 8, 3), name="left"), keras.Input((8, 8, 3), name="right")
    both = layers.Concatenate(name="both")([layers.Flatten()(left), layers.Flatten()(right)])
    heads = [layers.Dense(1, name=name)(both) for name in ("age", "income")]
    model = keras.Model([left, right], heads)
    assert [name.partition(",")[0] for name in boxes(model) if "latten" not in name] == [
        *("left", "right", "both"),
        *("age", "income"),
    ]
    svg = picture.draw(model)
    assert (svg.count('class="arch-input"'), svg.count('class="arch-output"')) == (2, 2)
    xs = [float(x) for x in re.findall(r'<g transform="translate\(([\d.]+)', svg)]
    assert xs[0] < xs[1]


def test_shared_layer_has_a_box_a_call() -> None:
    first, second = keras.Input((5, 8)), keras.Input((5, 8))
    shared = layers.LSTM(4, name="shared")
    both = layers.Concatenate()([shared(first), shared(second)])
    model = keras.Model([first, second], layers.Dense(1)(both))
    assert [name for name in boxes(model) if "LSTM" in name] == [
        "shared, LSTM, shared: 1 of 2, 4, 208 parameters",
        "shared, LSTM, shared: 2 of 2, 4, 208 parameters",
    ]


def test_layer_on_its_own_output_is_drawn() -> None:
    entry = keras.Input((4,))
    again = layers.Dense(4, name="again")
    assert arrows(keras.Model(entry, again(again(again(entry))))) == 3


def test_value_added_to_itself_is_one_arrow() -> None:
    entry = keras.Input((4,))
    assert arrows(keras.Model(entry, layers.Add()([entry, entry]))) == 1


def test_nested_model_is_one_box() -> None:
    entry = keras.Input((64,))
    model = keras.Model(entry, layers.Dense(2)(sequential()(entry)))
    assert boxes(model)[1] == "small, Sequential of 2 layers, 1, 2,113 parameters"


def test_subclassed_model_is_a_column_without_arrows() -> None:
    model = Subclassed()
    model(keras.ops.ones((2, 5)))
    assert boxes(model) == ["first, Dense, 3, 18 parameters", "second, Dense, 4, 16 parameters"]
    assert arrows(model) == 0


@pytest.mark.parametrize(
    ("model", "count"),
    [
        (Subclassed(), 2),
        (keras.Sequential([layers.Dense(3), layers.Dense(2)]), 2),
        (keras.Sequential(), 0),
    ],
)
def test_model_that_is_not_built_says_so(model: keras.Model, count: int) -> None:
    assert len(boxes(model)) == count
    assert "not built yet" in picture.draw(model)


def test_names_are_escaped() -> None:
    name = "<a href='x'>&amp;\"\x00\x1b"
    model = keras.Sequential([layers.Dense(1, name=name)], name=name)
    assert boxes(model) == ["<a href='x'>&amp;\"\ufffd\ufffd, Dense"]
    assert "<a" not in picture.draw(model)


def test_model_of_one_input_alone() -> None:
    entry = keras.Input((4,), name="only")
    assert boxes(keras.Model(entry, entry)) == ["only, InputLayer, 4"]


def test_input_that_goes_nowhere_stands_aside() -> None:
    used, unused = keras.Input((4,), name="used"), keras.Input((4,), name="unused")
    model = keras.Model([used, unused], layers.Dense(1)(used))
    assert len(boxes(model)) == 3


def test_varying_length_is_a_question_mark() -> None:
    model = keras.Sequential([keras.Input((None, 8), name="words"), layers.GRU(4)])
    assert boxes(model)[0] == "words, InputLayer, ? × 8"


def test_long_names_are_shortened() -> None:
    name = "a" * 5000
    model = keras.Sequential([keras.Input((4,)), layers.Dense(2, name=name)], name=name)
    assert len(picture.draw(model)) < 5000


def test_same_model_gives_the_same_picture() -> None:
    first, second = (re.sub(r"_\d+", "", picture.draw(deep(30))) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("length", [200, 700])
def test_deep_model_stays_below_300_kilobytes(length: int) -> None:
    model = deep(length)
    svg = picture.draw(model)
    assert len(svg.encode()) < 300_000
    assert len(boxes(model)) == min(drawing.MOST_BOXES, 1 + length + (length + 2) // 3)
    assert ("more, and so on" in svg) == (length == 700)


def test_no_script_and_nothing_from_elsewhere() -> None:
    svg = picture.draw(deep(5))
    assert "<script" not in svg
    assert svg.count("http") == 1  # the namespace


def crossed_boxes(layout: Layout, pitch: float) -> list[tuple[int, int]]:
    """Boxes that an edge's way past their row touches."""
    half = pitch / 2 - picture_layout.LANE
    return [
        (number, stop.row)
        for number, route in enumerate(layout.routes)
        for stop in route[1:-1]
        for box in layout.boxes
        if box.row == stop.row and abs(box.x - stop.x) < half
    ]


def test_long_edges_pass_beside_the_boxes() -> None:
    edges = [(at, at + 1) for at in range(20)] + [(0, 20), (3, 9), (4, 20), (10, 15)]
    layout = arrange(21, edges, pitch=100)
    assert crossed_boxes(layout, 100) == []
    assert {(route[0], route[-1]) for route in layout.routes} == {
        (layout.boxes[start], layout.boxes[end]) for start, end in edges
    }
    assert all(0 <= stop.x <= layout.width for route in layout.routes for stop in route)


def test_parts_that_do_not_touch_stand_side_by_side() -> None:
    layout = arrange(5, [(0, 2), (1, 4)], pitch=100)
    assert len({(box.x, box.row) for box in layout.boxes}) == 5
    assert sorted({box.x for box in layout.boxes}) == [50, 150, 250]


def test_cycle_is_refused() -> None:
    with pytest.raises(ValueError, match="from an earlier to a later"):
        arrange(2, [(0, 1), (1, 0)], pitch=100)
