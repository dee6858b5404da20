"""What goes between a server and its client: calls, answers and errors of `Memory`, as JSON and back.

Both ends read the same table, which is made of the calls' own signatures, so neither can know a method,
an argument or a type that the other does not. It speaks of no protocol: paths, headers and statuses are
the server's and the client's.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, date, datetime
from functools import cache
from types import MappingProxyType
from typing import Any, Final, TypeAlias, TypeGuard, cast, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter, ValidationError

from memx_core import errors, inputs
from memx_core.errors import InvalidInputError, MemxError
from memx_core.flows import erasing as whole
from memx_core.memory.calls import (
    browsing,
    comparing,
    conversing,
    counting,
    erasing,
    explaining,
    moving,
    planning,
    reading,
    rebuilding,
    undoing,
    warming,
    writing,
)
from memx_core.reports import UsageReport
from memx_core.types import Change, Scope, Usage

Flow: TypeAlias = Callable[..., Coroutine[Any, Any, Any]]
Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"

_OF_THIS_SIDE = frozenset({"progress", "embedder"})
"""Arguments that are objects of the caller's process."""


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a call.

    Attributes:
        name: Its name.
        kind: Its type, as it is annotated.
        required: Whether it has no default.
        named: Whether it has to be given by its name.
    """

    name: str
    kind: Any
    required: bool
    named: bool


@dataclass(frozen=True, slots=True)
class Call:
    """One method of `Memory`.

    Attributes:
        name: The method's.
        arguments: What it takes, in order.
        answer: The type of what it returns.
        writes: Whether anything may be another after it.
        about: What it does, in one line.
    """

    name: str
    arguments: tuple[Argument, ...]
    answer: Any
    writes: bool
    about: str


_READING: Final[tuple[Flow, ...]] = (
    reading.get,
    reading.get_all,
    reading.search,
    reading.recall,
    reading.history,
    reading.revision,
    conversing.messages,
    conversing.sessions,
    conversing.pending,
    comparing.diff,
    explaining.why,
    counting.usage,
    counting.scopes,
    browsing.owners,
    browsing.versions,
    browsing.learned,
    warming.warm_up,
    moving.export,
)
_WRITING: Final[tuple[Flow, ...]] = (
    writing.add,
    writing.update,
    writing.delete,
    writing.delete_all,
    conversing.put_messages,
    conversing.clear_messages,
    conversing.flush,
    planning.plan,  # a model is asked, and its tokens are counted
    planning.apply,
    planning.approve,
    planning.reject,
    undoing.revert,
    undoing.undo,
    erasing.erase,
    whole.reset,
    rebuilding.rebuild_index,
    moving.load,
    moving.backfill,
)


@cache
def calls() -> Mapping[str, Call]:
    """Every method that may be called from elsewhere, by name."""
    both = [(flow, False) for flow in _READING] + [(flow, True) for flow in _WRITING]
    return MappingProxyType({flow.__name__: _call(flow, writes=writes) for flow, writes in both})


def _call(flow: Flow, *, writes: bool) -> Call:
    signature = inspect.signature(flow, eval_str=True)
    answer: Any = signature.return_annotation
    if get_origin(answer) is Coroutine:
        answer = get_args(answer)[-1]
    taken = [argument for each in list(signature.parameters.values())[2:] for argument in _arguments(each)]
    return Call(flow.__name__, tuple(taken), answer, writes, _about(flow.__name__))


def _arguments(parameter: inspect.Parameter) -> Iterable[Argument]:
    if parameter.name in _OF_THIS_SIDE:
        return
    if parameter.kind is not inspect.Parameter.VAR_KEYWORD:
        required = parameter.default is inspect.Parameter.empty
        named = parameter.kind is inspect.Parameter.KEYWORD_ONLY
        yield Argument(parameter.name, parameter.annotation, required, named)
        return
    (named,) = get_args(parameter.annotation)
    for name, kind in get_type_hints(named).items():
        yield Argument(name, kind, required=False, named=True)


def _about(name: str) -> str:
    from memx_core.memory.like import MemoryLike

    return (inspect.getdoc(getattr(MemoryLike, name)) or "").split("\n\n", maxsplit=1)[0].replace("\n", " ")


def arguments(flow: Flow, given: tuple[Any, ...], named: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a flow by name, without those that are left to their defaults."""
    signature = _signature(flow)
    bound = signature.bind(None, None, *given, **named)
    found: dict[str, Any] = {}
    for name, value in list(bound.arguments.items())[2:]:
        parameter = signature.parameters[name]
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            found |= value
        elif value is not parameter.default:
            found[name] = value
    return found


@cache
def _signature(flow: Flow) -> inspect.Signature:
    return inspect.signature(flow)


def packed(values: Mapping[str, Any]) -> bytes:
    """Arguments as JSON.

    Raises:
        InvalidInputError: If one of them is nothing that JSON can hold.
    """
    try:
        tree = {name: _tree(value, name) for name, value in values.items()}
        return json.dumps(tree, ensure_ascii=True, allow_nan=False).encode()
    except RecursionError:
        raise InvalidInputError("an argument is nested too deeply to be sent") from None
    except ValueError as error:
        if isinstance(error, InvalidInputError):
            raise
        raise InvalidInputError(f"an argument cannot be sent as JSON: {error}") from None


def _tree(value: object, where: str) -> Json:  # one line for each kind of value
    """A value of ours, or of an application's, as JSON."""
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: _tree(getattr(value, each.name), where) for each in fields(value)}
    if isinstance(value, Mapping):
        return _object(cast("Mapping[object, object]", value), where)
    if callable(plain := getattr(value, "tolist", None)):  # numpy's
        return _tree(plain(), where)
    if _is_several(value):
        return [_tree(each, where) for each in value]
    raise InvalidInputError(f"{where} holds {inputs.show(value)}, which cannot be sent as JSON")


def _is_several(value: object) -> TypeGuard[Iterable[object]]:
    """Not so bytes; nor pydantic's objects, which would give their fields."""
    whole = isinstance(value, bytes | bytearray | memoryview) or hasattr(type(value), "model_fields")
    return isinstance(value, Iterable) and not whole


def _object(value: Mapping[object, object], where: str) -> dict[str, Json]:
    made: dict[str, Json] = {}
    for key, each in value.items():
        if not isinstance(key, str):
            raise InvalidInputError(f"{where} has the key {inputs.show(key)}, and keys must be str")
        made[key] = _tree(each, where)
    return made


@dataclass(frozen=True, slots=True)
class ScopeUsage:
    """What one address cost."""

    scope: Scope
    usage: Usage


@dataclass(frozen=True, slots=True)
class UsageAnswer:
    """A `UsageReport` in JSON, which has no keys of several parts."""

    calls: int
    input_tokens: int
    output_tokens: int
    embedding_calls: int
    by_model: dict[str, Usage]
    by_day: dict[date, Usage]
    by_scope: tuple[ScopeUsage, ...]


def sent_type(call: Call) -> Any:  # noqa: ANN401  # a type
    """The type of what is sent as an answer."""
    return UsageAnswer if call.answer is UsageReport else call.answer


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:  # noqa: ANN401  # a type
    return TypeAdapter(kind)


def answer(call: Call, value: Any) -> bytes:  # noqa: ANN401  # whatever the method returned
    """What a method returned, as JSON."""
    if isinstance(value, UsageReport):
        value = UsageAnswer(
            value.calls,
            value.input_tokens,
            value.output_tokens,
            value.embedding_calls,
            dict(value.by_model),
            dict(value.by_day),
            tuple(ScopeUsage(scope, usage) for scope, usage in value.by_scope.items()),
        )
    return _adapter(sent_type(call)).dump_json(value)


def answered(call: Call, body: bytes) -> Any:  # noqa: ANN401  # whatever the method returns
    """What a method returned, from JSON.

    Raises:
        ValueError: If it is no answer of this call.
    """
    try:
        value = _adapter(sent_type(call)).validate_json(body)
    except ValidationError as error:
        raise ValueError(f"no answer of {call.name}: {error.error_count()} places are wrong") from None
    value = _in_utc(value)
    if isinstance(value, UsageAnswer):
        return UsageReport(
            value.calls,
            value.input_tokens,
            value.output_tokens,
            value.embedding_calls,
            by_model=value.by_model,
            by_day=value.by_day,
            by_scope={each.scope: each.usage for each in value.by_scope},
        )
    return value


def _in_utc(value: object) -> Any:  # noqa: ANN401  # whatever is in an answer
    """`value` with `datetime.UTC` in each time, as everywhere in memx."""
    if isinstance(value, datetime):
        return datetime.combine(value.date(), value.time(), UTC) if value.utcoffset() is not None else value
    if isinstance(value, list):
        return [_in_utc(each) for each in cast("list[object]", value)]
    if isinstance(value, tuple):
        return tuple(_in_utc(each) for each in cast("tuple[object, ...]", value))
    if is_dataclass(value) and not isinstance(value, type):
        for each in fields(value):
            own = getattr(value, each.name)
            if (made := _in_utc(own)) is not own:
                object.__setattr__(value, each.name, made)  # just made, and nobody else's yet
    return value


_ERRORS: Final[Mapping[str, type[MemxError]]] = {
    name: kind
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, MemxError) and kind is not MemxError
}
_FACTS = ("memory_id", "operation_id", "conflicts", "kept", "offered", "limit", "spent", "scope", "resets_at", "needed")


def error_facts(error: MemxError) -> dict[str, Json]:
    """What `error_from` needs beside the message."""
    kind = next((each.__name__ for each in type(error).__mro__ if each.__name__ in _ERRORS), "MemxError")
    facts: dict[str, Json] = {"error": kind}
    for name in _FACTS:
        if hasattr(error, name):
            facts[name] = _tree(getattr(error, name), name)
    return facts


def error_from(facts: Mapping[str, Any], message: str) -> MemxError | None:
    """The error that was raised on the other side; `None` if it was none of memx's."""
    kind = _ERRORS.get(str(facts.get("error")))
    if kind is None:
        return None
    try:
        return _error(kind, facts, message)
    except (KeyError, TypeError, ValueError):
        return MemxError(message)


def _error(kind: type[MemxError], facts: Mapping[str, Any], message: str) -> MemxError:
    if issubclass(kind, errors.OperationNotFoundError):
        return kind(str(facts["operation_id"]))
    if issubclass(kind, errors.MemoryNotFoundError):
        return kind(str(facts["memory_id"]))
    if issubclass(kind, errors.PlanConflictError):
        conflicts = _adapter(tuple[Change, ...]).validate_python(facts.get("conflicts") or ())
        return kind(message, _in_utc(conflicts))
    if issubclass(kind, errors.EmbeddingMismatchError):
        return kind(message, facts.get("kept"), facts.get("offered"))
    if issubclass(kind, errors.BudgetExceededError):
        scope = facts["scope"]
        whose = None if scope is None else Scope(**scope)
        resets_at = datetime.fromisoformat(facts["resets_at"])
        return kind(facts["limit"], facts["spent"], whose, resets_at, facts["needed"])
    return kind(message)


def seconds_until(moment: datetime) -> float:
    """How long it is until then; negative if it is past."""
    return (moment - datetime.now(UTC)).total_seconds()
