"""The families by name. Importing this imports no Keras; building one does."""

from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

from search_spaces.errors import Misfit, UnknownFamily
from search_spaces.fitting import misfit
from search_spaces.signature import (
    OUTPUT_KINDS,
    Field,
    Kind,
    Signature,
    image,
    label,
    number,
    sequence,
    tokens,
    vector,
)

ENTRY_POINTS = "tuner.search_spaces"
"""The group of entry points by which installed packages offer families of their own."""


@dataclass(frozen=True)
class Family:
    """A family of models. ``inputs`` and ``outputs``: the kinds that each of its ends takes.

    ``book`` is a signature of the size that the family has in the book; its parameters are the same for any other.
    """

    name: str
    title: str
    summary: str
    inputs: tuple[tuple[Kind, ...], ...]
    outputs: tuple[tuple[Kind, ...], ...]
    module: str
    hypermodel: str
    book: Signature

    like: Literal["shape", "width"] | None = None
    """In what all inputs must be like the first one, beside their kind."""

    settings: tuple[str, ...] = ()
    """Parameters that a search leaves alone unless a study overrides them: what depends on the machine, say."""

    @property
    def accepts(self) -> dict[str, list[dict[str, Any]]]:
        inputs: list[dict[str, Any]] = [{"kinds": list(kinds)} for kinds in self.inputs]
        if self.like is not None:
            for other in inputs[1:]:
                other["like"] = self.like
        return {
            "inputs": inputs,
            "outputs": [{"kinds": list(kinds)} for kinds in self.outputs],
        }

    def check(self, signature: Signature) -> None:
        """Raises Misfit if this family cannot take such data."""
        if (why := misfit(self.accepts, signature.to_json())) is not None:
            raise Misfit(self.name, *why)


def _book(*fields: Field) -> Signature:
    """The signature of these fields: classes and numbers are its outputs."""
    return Signature(
        inputs=tuple(field for field in fields if field.kind not in OUTPUT_KINDS),
        outputs=tuple(field for field in fields if field.kind in OUTPUT_KINDS),
    )


FAMILIES = {
    family.name: family
    for family in (
        Family(
            name="dense",
            title="Dense network",
            summary="Densely connected layers over a vector or a flattened image.",
            inputs=(("vector", "image"),),
            outputs=(("class", "number"),),
            module="search_spaces.dense",
            hypermodel="Dense",
            settings=("api",),
            book=_book(vector("features", 64), label("label", 10)),
        ),
        Family(
            name="dual_camera",
            title="Dual camera",
            summary="Two pictures of one scene through one shared convolutional base, Xception or a small one.",
            inputs=(("image",), ("image",)),
            outputs=(("class", "number"),),
            module="search_spaces.dual_camera",
            hypermodel="DualCamera",
            like="shape",
            book=_book(image("left", 250, 250, 3), image("right", 250, 250, 3), label("label", 10)),
        ),
        Family(
            name="hyper_efficientnet",
            title="KerasTuner's EfficientNet",
            summary="KerasTuner's HyperEfficientNet: EfficientNet B0 to B7 at its own resolution, from fresh weights.",
            inputs=(("image",),),
            outputs=(("class",),),
            module="search_spaces.tuner_applications",
            hypermodel="HyperEfficientNet",
            book=_book(image("image", 32, 32, 3), label("label", 10)),
        ),
        Family(
            name="hyper_resnet",
            title="KerasTuner's ResNet",
            summary="KerasTuner's HyperResNet: ResNet, ResNetV2 or ResNeXt of tuned depth.",
            inputs=(("image",),),
            outputs=(("class",),),
            module="search_spaces.tuner_applications",
            hypermodel="HyperResNet",
            book=_book(image("image", 32, 32, 3), label("label", 10)),
        ),
        Family(
            name="hyper_xception",
            title="KerasTuner's Xception",
            summary="KerasTuner's HyperXception: Xception of tuned width, depth and head.",
            inputs=(("image",),),
            outputs=(("class",),),
            module="search_spaces.tuner_applications",
            hypermodel="HyperXception",
            book=_book(image("image", 32, 32, 3), label("label", 10)),
        ),
        Family(
            name="inception",
            title="Inception convnet",
            summary="A convnet of modules that look at a picture in four branches side by side.",
            inputs=(("image",),),
            outputs=(("class", "number"),),
            module="search_spaces.inception",
            hypermodel="Inception",
            book=_book(image("image", 64, 64, 3), label("label", 10)),
        ),
        Family(
            name="post_profile",
            title="Post profile",
            summary="A convnet over a text that tells three things about its author, with a weight for each loss.",
            inputs=(("tokens",),),
            outputs=(("class", "number"), ("class", "number"), ("class", "number")),
            module="search_spaces.post_profile",
            hypermodel="PostProfile",
            book=_book(
                tokens("posts", 500, 50_000), number("age"), label("income", 10), label("gender", 2)
            ),
        ),
        Family(
            name="pretrained",
            title="Pretrained base",
            summary="InceptionV3 or Xception with weights or without, frozen or trained, under a dense layer.",
            inputs=(("image",),),
            outputs=(("class", "number"),),
            module="search_spaces.pretrained",
            hypermodel="Pretrained",
            settings=("weights",),
            book=_book(image("image", 150, 150, 3), label("label", 2)),
        ),
        Family(
            name="question_answering",
            title="Question answering",
            summary="A text and a question about it, each read by recurrent layers of its own, to one of the answers.",
            inputs=(("tokens",), ("tokens",)),
            outputs=(("class",),),
            module="search_spaces.question_answering",
            hypermodel="QuestionAnswering",
            book=_book(
                tokens("text", 100, 10_000), tokens("question", 20, 10_000), label("answer", 500)
            ),
        ),
        Family(
            name="residual",
            title="Residual convnet",
            summary="A convnet of blocks that add to what they are given.",
            inputs=(("image",),),
            outputs=(("class", "number"),),
            module="search_spaces.residual",
            hypermodel="Residual",
            book=_book(image("image", 64, 64, 3), label("label", 10)),
        ),
        Family(
            name="separable_convnet",
            title="Depthwise separable convnet",
            summary="A small, fast image model of depthwise separable convolutions with pooling.",
            inputs=(("image",),),
            outputs=(("class", "number"),),
            module="search_spaces.separable_convnet",
            hypermodel="SeparableConvnet",
            book=_book(image("image", 64, 64, 3), label("label", 10)),
        ),
        Family(
            name="siamese_lstm",
            title="Siamese LSTM",
            summary="Two texts or two sequences of vectors, read by the same recurrent layers and compared.",
            inputs=(("tokens", "sequence"), ("tokens", "sequence")),
            outputs=(("class", "number"),),
            module="search_spaces.siamese_lstm",
            hypermodel="SiameseLstm",
            like="width",
            book=_book(sequence("left", 20, 128), sequence("right", 20, 128), label("same", 2)),
        ),
        Family(
            name="text_convnet",
            title="Text convnet",
            summary="A convnet over the tokens of a text.",
            inputs=(("tokens",),),
            outputs=(("class", "number"),),
            module="search_spaces.text_convnet",
            hypermodel="TextConvnet",
            book=_book(tokens("text", 500, 2_000), label("label", 2)),
        ),
    )
}


def family(name: str) -> Family:
    """Raises UnknownFamily."""
    if name not in FAMILIES:
        raise UnknownFamily(name, FAMILIES)
    return FAMILIES[name]


def build(name: str, signature: Signature) -> Any:
    """The family's ``keras_tuner.HyperModel`` for such data. Raises UnknownFamily, Misfit."""
    found = family(name)
    found.check(signature)
    return getattr(import_module(found.module), found.hypermodel)(signature)
