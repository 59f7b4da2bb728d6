"""A data set in one generated sentence."""

from search_spaces.signature import Field, Signature


def sentence(signature: Signature, examples: int) -> str:
    """Such as ``1,797 images of 8x8x1 in 10 classes.``"""
    if len(signature.inputs) == len(signature.outputs) == 1:
        return f"{examples:,} {_many(signature.inputs[0])} {_answer(signature.outputs[0])}."
    inputs, outputs = (_listed(fields) for fields in (signature.inputs, signature.outputs))
    return f"{examples:,} examples of {inputs}, to predict {outputs}."


def _many(field: Field) -> str:
    sizes = "x".join(str(size) for size in field.shape)
    return {
        "image": f"images of {sizes}",
        "vector": f"vectors of {sizes}",
        "tokens": f"texts of {sizes} tokens",
        "sequence": f"sequences of {sizes}",
    }[field.kind]


def _answer(field: Field) -> str:
    return "with a number to predict" if field.kind == "number" else f"in {field.classes} classes"


def _one(field: Field) -> str:
    if field.kind == "class":
        return f"{field.classes} classes"
    if field.kind == "number":
        return "a number"
    return f"{field.kind} of {'x'.join(str(size) for size in field.shape)}"


def _listed(fields: tuple[Field, ...]) -> str:
    *others, last = (f"{field.name} ({_one(field)})" for field in fields)
    return f"{', '.join(others)} and {last}" if others else last
