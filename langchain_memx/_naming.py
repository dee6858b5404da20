"""What to call a LangChain object: never its `repr`, which may hold a key."""

from __future__ import annotations

_NAMES = ("model_name", "model", "model_id", "repo_id", "deployment_name", "deployment")
_SIZES = ("dimensions", "output_dimensionality", "size")


def model_name(provider: object) -> str:
    """The model's own name; empty if the object has none."""
    return next(iter(_texts(provider, _NAMES)), "")


def identity(provider: object) -> str:
    """Class, model and declared size of vectors: what two objects with like vectors have in common."""
    sizes = [str(size) for name in _SIZES if isinstance(size := getattr(provider, name, None), int)]
    return ":".join([type(provider).__name__, *dict.fromkeys(_texts(provider, _NAMES)), *sizes[:1]])


def shown(provider: object) -> str:
    """For an error: its type, or that it is a class."""
    if isinstance(provider, type):
        return f"the class {provider.__module__}.{provider.__qualname__}, not an object of it"
    return f"a {type(provider).__module__}.{type(provider).__qualname__}"


def described(wrapper: object, provider: object) -> str:
    """For a `repr`: the wrapper, the class within, and its model."""
    name = model_name(provider)
    inner = f"{type(provider).__name__}(model={name!r})" if name else type(provider).__name__
    return f"{type(wrapper).__name__}({inner})"


def _texts(provider: object, names: tuple[str, ...]) -> list[str]:
    values = [getattr(provider, name, None) for name in names]
    return [value for value in values if isinstance(value, str) and value]
