"""What to call a framework's model or embeddings: never their `repr`, which may hold a key."""

from __future__ import annotations

from pydantic import BaseModel

_NAMES = ("model_name", "model", "model_id", "repo_id", "deployment_name", "deployment")
_SIZES = ("dimensions", "output_dimensionality", "size", "embed_dim")
_NAMELESS = frozenset({"", "unknown"})
_SPACES = {("langchain_openai", "OpenAIEmbeddings"): "openai", ("llama_index", "OpenAIEmbedding"): "openai"}
"""Classes that send a text as it is to the same service: the same model makes the same vector of it. Only where that is
so: others put instructions before the text, or average the vectors of its parts, each in a way of its own."""

_PROVIDERS = {
    "aws": "aws.bedrock",
    "azure_ai": "azure.ai.inference",
    "azure_openai": "azure.ai.openai",
    "bedrock": "aws.bedrock",
    "bedrock_converse": "aws.bedrock",
    "gemini": "gcp.gemini",
    "google_genai": "gcp.gemini",
    "google_vertexai": "gcp.vertex_ai",
    "ibm": "ibm.watsonx.ai",
    "mistralai": "mistral_ai",
    "vertex": "gcp.vertex_ai",
    "xai": "x_ai",
}
"""Packages of either framework whose provider the conventions call otherwise."""


def model_name(provider: object) -> str:
    """The model's own name; empty if the object has none."""
    return next((text for _, text in _named(provider)), "")


def identity(provider: object) -> str:
    """Class, model and declared size of vectors: what two objects with like vectors have in common.

    Of several names those count that were given: OpenAI's has a deployment by default, of another model.
    """
    first, *others = [*_named(provider), ("", "")]
    names = [value for name, value in others if name and _was_given(provider, name)]
    sizes = [str(size) for name in _SIZES if isinstance(size := getattr(provider, name, None), int)]
    texts = [text for text in dict.fromkeys([first[1], *names]) if text]
    return ":".join([type(provider).__name__, *texts, *sizes[:1]])


def space(provider: object, framework: str) -> str:
    """Names the vectors that `provider` makes: with its framework, unless another's class makes the same ones."""
    kind = type(provider)
    shared = _SPACES.get((kind.__module__.partition(".")[0], kind.__name__))
    if shared is None:
        return f"{framework}:{identity(provider)}"
    return f"{shared}:{identity(provider).partition(':')[2]}"


def provider_name(provider: object) -> str:
    """Who a framework's object asks, by the name that OpenTelemetry's conventions have for it."""
    package, _, rest = type(provider).__module__.partition(".")
    name = package.removeprefix("langchain_")
    if package == "llama_index":
        name = rest.split(".")[1] if "." in rest else package
    if "azure" in type(provider).__name__.lower():
        name = "azure_openai"
    return _PROVIDERS.get(name, name)


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


def _named(provider: object) -> list[tuple[str, str]]:
    """Where an object names its model, and how."""
    values = [(name, getattr(provider, name, None)) for name in _NAMES]
    return [(name, value) for name, value in values if isinstance(value, str) and value not in _NAMELESS]


def _was_given(provider: object, name: str) -> bool:
    return not isinstance(provider, BaseModel) or name in provider.model_fields_set
