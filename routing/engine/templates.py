"""Texts with variables: Liquid, compiled once, with a short list of filters and nothing that can run away."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache, wraps
from io import StringIO
from typing import Final, TextIO

from liquid import BoundTemplate, Environment, Mode, RenderContext
from liquid.builtin import content, illegal, output
from liquid.builtin.tags import (
    assign_tag,
    capture_tag,
    case_tag,
    comment_tag,
    cycle_tag,
    for_tag,
    if_tag,
    inline_comment_tag,
    unless_tag,
)
from liquid.exceptions import LiquidError, LiquidInterrupt, LiquidSyntaxError, ResourceLimitError
from liquid.static_analysis import Segments
from liquid.utils import ReadOnlyChainMap

from routing.engine import limits
from routing.engine.template_filters import FILTERS
from routing.engine.values import JSON, look_up

# `{{ customer.tier }}` and nothing else: the most usual template by far needs no interpreter.
_SOLE_PATH = re.compile(r"\{\{-?\s*([A-Za-z_][\w-]*(?:\.[\w-]+|\[[0-9]+\])*)\s*-?\}\}")
_LITERALS = frozenset({"true", "false", "nil", "null", "none", "empty", "blank", "first", "last", "size"})
# What all filters of one rendering may read and write together, in characters.
_FILTER_CHARS = 50 * limits.TEMPLATE_OUTPUT_CHARS


class TemplateFailed(Exception):
    """The template cannot be rendered; says why in one sentence."""


class _Output(StringIO):
    """Counts the characters of all texts that one rendering writes, captured ones included."""

    def __init__(self, context: _Context) -> None:
        super().__init__()
        self.context = context

    def write(self, text: str) -> int:
        self.context.written += len(text)
        if self.context.written > limits.TEMPLATE_OUTPUT_CHARS:
            raise ResourceLimitError(f"the text is longer than {limits.TEMPLATE_OUTPUT_CHARS} characters", token=None)
        return super().write(text)


class _Context(RenderContext):
    """Without the library's own `now` and `today`, which ask the clock; with one budget for the whole rendering."""

    def __init__(self, template: BoundTemplate, *, globals: Mapping[str, object] | None = None) -> None:  # noqa: A002
        super().__init__(template, globals=globals)
        self.scope = ReadOnlyChainMap(self.locals, self.globals)
        self.written = 0
        self.rounds = 0
        self.filtered = 0

    def get_buffer(self, buf: TextIO | None = None) -> StringIO:  # noqa: ARG002 -- the library's signature
        return _Output(self)

    def raise_for_loop_limit(self, length: int = 1) -> None:
        self.rounds += length
        if self.rounds > limits.TEMPLATE_LOOPS:
            raise ResourceLimitError(f"its loops take more than {limits.TEMPLATE_LOOPS} rounds", token=None)

    def spend(self, chars: int) -> None:
        """Counts what a filter reads or writes; a call costs a little in itself."""
        self.filtered += chars + 20
        if self.filtered > _FILTER_CHARS:
            raise ResourceLimitError("its filters have too much to do", token=None)

    @contextmanager
    def extend(
        self,
        namespace: Mapping[str, object],
        template: BoundTemplate | None = None,  # noqa: ARG002 -- the library's signature
    ) -> Iterator[RenderContext]:
        self.scope.push(namespace)
        try:
            yield self
        finally:
            self.scope.pop()


class _ForNode(for_tag.ForNode):
    """Looks at the length first: reversing or skipping through a huge range would fill the memory."""

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        items = self.expression.iterable.evaluate(context)
        if isinstance(items, range | list | tuple | Mapping):
            # `len` of a range beyond 64 bits is an error in itself.
            length = max(0, items.stop - items.start) if isinstance(items, range) else len(items)
            if length > limits.TEMPLATE_LOOPS:
                raise ResourceLimitError(f"its loops take more than {limits.TEMPLATE_LOOPS} rounds", token=None)
        return super().render_to_output(context, buffer)


class _ForTag(for_tag.ForTag):
    node_class = _ForNode


class _Template(BoundTemplate):
    context_class = _Context


class _Environment(Environment):
    """Faults of a template are found when it is saved; what goes wrong while rendering renders as nothing."""

    template_class = _Template
    block_nesting_limit = limits.TEMPLATE_DEPTH
    shorthand_indexes = True

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:  # noqa: ARG002 -- the library's signature
        for tag in (
            content.Literal,
            output.Output,
            illegal.Illegal,
            if_tag.IfTag,
            unless_tag.UnlessTag,
            case_tag.CaseTag,
            _ForTag,
            for_tag.BreakTag,
            for_tag.ContinueTag,
            assign_tag.AssignTag,
            capture_tag.CaptureTag,
            cycle_tag.CycleTag,
            comment_tag.CommentTag,
            inline_comment_tag.InlineCommentTag,
        ):
            self.add_tag(tag)
        for name, function in FILTERS.items():
            self.add_filter(name, _guarded(function))


def _guarded(function: Callable[..., JSON]) -> Callable[..., JSON]:
    """The filter within the budget of the rendering; arguments that make no sense to it give nothing."""

    @wraps(function)
    def filtered(value: JSON, *args: JSON, context: _Context, **kwargs: JSON) -> JSON:
        context.spend(_size(value) + sum(map(_size, args)))
        try:
            result = function(value, *args, context=context, **kwargs)
        except (TypeError, ValueError, ArithmeticError, LookupError):
            return ""
        context.spend(_size(result))
        return result

    filtered.with_context = True  # type: ignore[attr-defined]
    return filtered


def _size(value: JSON) -> int:
    if isinstance(value, str):
        return len(value)
    return 10 * len(value) if isinstance(value, list | tuple | dict) else 0


_ENVIRONMENT: Final = _Environment(tolerance=Mode.STRICT, strict_filters=True)


def has_template(text: str) -> bool:
    """Whether there is anything to render."""
    return "{{" in text or "{%" in text


def render(text: str, scope: Mapping[str, JSON]) -> str:
    """The text with its variables filled in; what is missing is empty. Raises only `TemplateFailed`."""
    if "{{" not in text and "{%" not in text:
        return text
    if _is_bare(text) and (path := sole_path(text)) is not None:
        # A text that stands where the template points to is the answer; whatever else is there, Liquid writes.
        value = look_up(scope, path)
        if isinstance(value, str) and len(value) <= limits.TEMPLATE_OUTPUT_CHARS:
            return value
    template = _compiled(text)
    if isinstance(template, str):
        raise TemplateFailed(template)
    context = _Context(template, globals=scope)
    buffer = context.get_buffer()
    for node in template.nodes:
        try:
            node.render(context, buffer)
        except ResourceLimitError as error:
            raise TemplateFailed(f"The text cannot be written: {error.message}.") from error
        except (LiquidError, LiquidInterrupt):
            # Such as text compared with a number, or `break` outside a loop: this part says nothing.
            continue
        except (TypeError, ValueError, ArithmeticError, LookupError, RecursionError, AttributeError) as error:
            raise TemplateFailed("The text cannot be written: a value does not fit what is done with it.") from error
    return buffer.getvalue()


def value_of(text: str, scope: Mapping[str, JSON]) -> JSON:
    """Like `render`, but `{{ path }}` alone gives the value itself: a number stays one, a list too, nothing is `MISSING`."""
    if "{{" not in text and "{%" not in text:
        return text
    path = sole_path(text)
    return look_up(scope, path) if path is not None else render(text, scope)


def _is_bare(text: str) -> bool:
    """Nothing stands around the braces, and they take nothing away."""
    return text[:2] == "{{" and text[-2:] == "}}" and text[2:3] != "-" and text[-3:-2] != "-"


@lru_cache(maxsize=4096)
def sole_path(text: str) -> str | None:
    """The path of a text that is nothing but `{{ path }}`."""
    found = _SOLE_PATH.fullmatch(text.strip())
    if found is None or found[1] in _LITERALS or found[1].rpartition(".")[2] in ("first", "last", "size"):
        return None
    return found[1].replace("[", ".").replace("]", "")


def template_fault(text: str) -> str | None:
    """What is wrong with the template, as a sentence; None if nothing is."""
    if not has_template(text):
        return None
    template = _compiled(text)
    if isinstance(template, str):
        return template
    unknown = sorted(set(template.filter_names()) - FILTERS.keys())
    if unknown:
        return f"There is no filter “{unknown[0]}”. Known are: {', '.join(sorted(FILTERS))}."
    return None


@lru_cache(maxsize=4096)
def template_variables(text: str) -> frozenset[str]:
    """Dotted paths of the variables that are read from outside, `orders.0.total` for `orders[0].total`."""
    template = _compiled(text) if has_template(text) else ""
    if isinstance(template, str):
        return frozenset()
    return frozenset(
        path for segments in template.global_variable_segments() if (path := _dotted(segments)) is not None
    )


def _dotted(segments: Segments) -> str | None:
    """The part of a path that is known before it runs: `prices[customer.tier].eur` is `prices`."""
    parts: list[str] = []
    for segment in segments:
        if isinstance(segment, list):
            break
        parts.append(str(segment))
    return ".".join(parts) or None


@lru_cache(maxsize=4096)
def _compiled(text: str) -> BoundTemplate | str:
    """The template, or the sentence that says why it is none: a faulty one is not parsed again for each call."""
    if len(text) > limits.TEXT_CHARS:
        return f"The text is longer than {limits.TEXT_CHARS} characters."
    try:
        return _ENVIRONMENT.from_string(text)
    except LiquidSyntaxError as error:
        return f"The template cannot be read: {_where(error)}."
    except (LiquidError, RecursionError, UnicodeError) as error:
        message = error.message if isinstance(error, LiquidError) else "it is nested too deeply"
        return f"The template cannot be read: {message}."


def _where(error: LiquidError) -> str:
    message = str(error.message).rstrip(".")
    try:
        place = error.context()
    except ValueError:  # the library's answer when the fault is at the very end
        place = None
    return f"{message} (line {place[0]}, column {place[1] + 1})" if place else message
