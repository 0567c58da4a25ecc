"""What the settings of steps are called: the titles that their models give to the fields."""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel


def label_of(model: type[BaseModel] | None, key: str) -> str:
    """The title of a field; a key that people chose themselves stands as it is."""
    field = model.model_fields.get(key) if model is not None else None
    if field is not None and field.title:
        return str(field.title)
    return key


def model_for(model: type[BaseModel] | None, key: str) -> type[BaseModel] | None:
    """The model of what a field holds, be it one, a list of them, or one by name; None for plain values."""
    field = model.model_fields.get(key) if model is not None else None
    return next(_models(field.annotation), None) if field is not None else None


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        return
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from _models(arguments[0])
    elif origin in {Union, types.UnionType, tuple, list, dict}:
        for part in arguments:
            yield from _models(part)
