"""Reading a study from a YAML or JSON file, so that what is wrong is told with file and line."""

import json
import math
import re
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from tuner_service.client.errors import BadStudyFile


def load_study(path: Path) -> dict[str, Any]:
    """A study's file; ``.json`` is read as JSON, anything else as YAML. Raises BadStudyFile."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise BadStudyFile(f"{path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise BadStudyFile(f"{path}: not a UTF-8 text (byte {error.start})") from error
    return parse_study(text, source=str(path), is_json=path.suffix.lower() == ".json")


def parse_study(text: str, *, source: str, is_json: bool) -> dict[str, Any]:
    """A study from text; ``source`` is what an error calls it."""
    study = _json(text, source) if is_json else _yaml(text, source)
    if not isinstance(study, dict):
        got = "nothing" if study is None else f"a {_KINDS.get(type(study), 'single value')}"
        raise BadStudyFile(f"{source}: a study is a mapping of names to values, got {got}")
    return study


_KINDS = {list: "list", str: "text", int: "number", float: "number", bool: "truth value"}


def _json(text: str, source: str) -> Any:
    def refuse(constant: str) -> None:
        raise BadStudyFile(f"{source}: {constant} is not a number that JSON knows")

    try:
        return json.loads(text, parse_constant=refuse)
    except json.JSONDecodeError as error:
        raise BadStudyFile(f"{source}:{error.lineno}:{error.colno}: {error.msg}") from error


def _yaml(text: str, source: str) -> Any:
    try:
        return yaml.load(text, _StudyLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{source}:{mark.line + 1}:{mark.column + 1}" if mark else source
        raise BadStudyFile(f"{where}: {error.problem or error.context}") from error
    except yaml.YAMLError as error:
        raise BadStudyFile(f"{source}: {error}") from error


_MERGE = "tag:yaml.org,2002:merge"


class _StudyLoader(yaml.SafeLoader):
    """YAML 1.2's core schema. PyYAML's own (1.1) reads ``1e-4`` as text and ``on`` as true."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.tag == _MERGE:
                continue
            if key.tag != "tag:yaml.org,2002:str":
                raise yaml.constructor.ConstructorError(
                    problem=f'the name "{getattr(key, "value", key.tag)}" must be text; quote it',
                    problem_mark=key.start_mark,
                )
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    problem=f'"{key.value}" stands here twice', problem_mark=key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)

    def construct_number(self, node: yaml.ScalarNode) -> float:
        number = float(node.value.replace(".inf", "inf").replace(".nan", "nan"))
        if not math.isfinite(number):
            raise yaml.constructor.ConstructorError(
                problem=f"{node.value} is not a number that JSON knows",
                problem_mark=node.start_mark,
            )
        return number

    def construct_whole_number(self, node: yaml.ScalarNode) -> int:
        base = {"0x": 16, "0o": 8}.get(node.value[:2], 10)
        return int(node.value, base)


_CORE = {  # https://yaml.org/spec/1.2.2/#103-core-schema
    "null": (r"~|null|Null|NULL|", "~nN"),
    "bool": (r"true|True|TRUE|false|False|FALSE", "tTfF"),
    "int": (r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    "float": (
        r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
        r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        "-+.0123456789",
    ),
}
_StudyLoader.yaml_implicit_resolvers = {}
for _name, (_pattern, _first) in _CORE.items():
    _tag = f"tag:yaml.org,2002:{_name}"
    _starts = [*_first, ""] if _name == "null" else [*_first]
    _StudyLoader.add_implicit_resolver(_tag, re.compile(f"^(?:{_pattern})$"), _starts)
_StudyLoader.add_implicit_resolver(_MERGE, re.compile("^<<$"), ["<"])
_StudyLoader.add_constructor("tag:yaml.org,2002:float", _StudyLoader.construct_number)
_StudyLoader.add_constructor("tag:yaml.org,2002:int", _StudyLoader.construct_whole_number)
