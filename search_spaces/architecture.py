"""A built model as data: its layers, what comes out of each, and what flows where."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import keras

Shape = tuple[int | None, ...]
"""Of one example, without the batch; None where the length varies."""

Role = Literal["input", "output", "layer"]


@dataclass(frozen=True)
class Call:
    """One call of a layer. ``shapes``: one an output, None where they are unknown.

    A layer that the model calls several times is shared: its calls have the same ``parameters``, which count once.
    ``inner_layers`` is how many layers a nested model has, 0 for a plain layer.
    """

    name: str
    type: str
    shapes: tuple[Shape, ...] | None
    parameters: int
    role: Role = "layer"
    number: int = 1
    calls: int = 1
    inner_layers: int = 0


@dataclass(frozen=True)
class Architecture:
    """``edges`` are pairs of indices into ``calls``, each once and from an earlier to a later one.

    There are none where the flow is in the model's own code. ``parameters`` is None before the model is built.
    """

    name: str
    parameters: int | None
    calls: tuple[Call, ...]
    edges: tuple[tuple[int, int], ...]

    @property
    def layers(self) -> tuple[Call, ...]:
        """Each layer once, at its first call."""
        return tuple(call for call in self.calls if call.number == 1)


def of(model: keras.Model) -> Architecture:
    """The architecture of any model: functional, sequential, subclassed, built or not."""
    parameters = int(model.count_params()) if model.built else None
    # Keras draws and summarises by the same private graph; there is no public one.
    graph = getattr(model, "_functional", None) or model
    if hasattr(graph, "_nodes_by_depth"):
        calls, edges = _functional(graph)
        return Architecture(model.name, parameters, calls, edges)
    listed = tuple(
        Call(
            layer.name,
            type(layer).__name__,
            _told_shapes(layer),
            _count(layer),
            inner_layers=_inner_layers(layer),
        )
        for layer in model.layers
    )
    flows = isinstance(model, keras.Sequential)
    chain = tuple((index, index + 1) for index in range(len(listed) - 1)) if flows else ()
    return Architecture(model.name, parameters, listed, chain)


def _functional(graph: Any) -> tuple[tuple[Call, ...], tuple[tuple[int, int], ...]]:
    nodes = _in_order(graph)
    index = {id(node): at for at, node in enumerate(nodes)}
    ends = {id(_origin(tensor)) for tensor in graph.outputs}
    calls = Counter(id(node.operation) for node in nodes)
    seen: Counter[int] = Counter()
    found, edges = [], []
    for at, node in enumerate(nodes):
        layer = node.operation
        seen[id(layer)] += 1
        role: Role = "input" if node.is_input else "output" if id(node) in ends else "layer"
        found.append(
            Call(
                name=layer.name,
                type=type(layer).__name__,
                shapes=tuple(tuple(tensor.shape[1:]) for tensor in node.outputs),
                parameters=_count(layer),
                role=role,
                number=seen[id(layer)],
                calls=calls[id(layer)],
                inner_layers=_inner_layers(layer),
            )
        )
        parents = {index[id(parent)] for parent in node.parent_nodes if id(parent) in index}
        edges += [(parent, at) for parent in sorted(parents)]
    return tuple(found), tuple(edges)


def _in_order(graph: Any) -> list[Any]:
    """The graph's nodes by depth; inputs and outputs as the model lists them, others in the order of their parents."""
    listed = {id(_origin(tensor)): at for at, tensor in enumerate(graph.outputs)}
    place: dict[int, tuple[int, ...]] = {
        id(_origin(tensor)): (at,) for at, tensor in enumerate(graph.inputs)
    }
    ordered: list[Any] = []
    for depth in sorted(graph._nodes_by_depth, reverse=True):
        nodes = graph._nodes_by_depth[depth]
        for node in nodes:
            parents = [place[id(parent)][0] for parent in node.parent_nodes if id(parent) in place]
            place.setdefault(id(node), tuple(sorted(parents)) or (len(place),))
        nodes = sorted(nodes, key=lambda node: (place[id(node)], listed.get(id(node), 0)))
        place |= {id(node): (len(ordered) + at,) for at, node in enumerate(nodes)}
        ordered += nodes
    return ordered


def _origin(tensor: Any) -> Any:
    history = tensor._keras_history
    return history.operation._inbound_nodes[history.node_index]


def _told_shapes(layer: Any) -> tuple[Shape, ...] | None:
    """What a layer outside of any graph says that it gives for the shapes that it was built with."""
    if not (built_with := getattr(layer, "_build_shapes_dict", None)):
        return None
    try:
        shape = layer.compute_output_shape(**built_with)
    except Exception:  # a layer is anybody's code, and need not know
        return None
    several = isinstance(shape, dict | list) or (shape and isinstance(shape[0], list | tuple))
    shapes: Iterable[Any] = (
        shape.values() if isinstance(shape, dict) else shape if several else [shape]
    )
    return tuple(tuple(one[1:]) for one in shapes)


def _count(layer: Any) -> int:
    """0 for an operation that is no layer, and for a layer that is not built."""
    return int(layer.count_params()) if getattr(layer, "built", False) else 0


def _inner_layers(layer: Any) -> int:
    return len(layer.layers) if isinstance(layer, keras.Model) else 0
