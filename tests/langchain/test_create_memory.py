"""`create_memory`: every provider one string away, through its real package, without a word to the network."""

from __future__ import annotations

import asyncio
import importlib
import os
import re
import socket
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any, NamedTuple

import pytest
from pydantic import ValidationError

from langchain_memx import LangChainEmbedder, LangChainLLM, create_memory
from memx_core import InvalidInputError, Memory
from memx_core.extraction.schema import MemoryOperations
from memx_core.testing import FakeEmbedder, ScriptedLLM
from tests.answers import adds
from tests.langchain.models import PlainChat, ToolChat, WordEmbeddings, call

KEY = {"api_key": "sk-secret"}
AWS = {"region_name": "eu-north-1", "aws_access_key_id": "AKIA", "aws_secret_access_key": "sk-secret"}
CLAUDE = "anthropic.claude-sonnet-4-20250514-v1:0"
LLAMA = "meta-llama/Llama-3.3-70B-Instruct-Turbo"


class Offered(NamedTuple):
    name: str
    package: str
    shown: str
    says: str
    """The method for a model, the fingerprint for embeddings."""
    settings: Mapping[str, Any] = MappingProxyType({})


MODELS = [
    Offered("openai:gpt-5-mini", "openai", "ChatOpenAI(model='gpt-5-mini')", "json_schema", KEY),
    Offered("openai:gpt-4", "openai", "ChatOpenAI(model='gpt-4')", "function_calling", KEY),
    Offered("openai:ft:gpt-4o:me::7", "openai", "ChatOpenAI(model='ft:gpt-4o:me::7')", "function_calling", KEY),
    Offered("ollama:gemma3:4b", "ollama", "ChatOllama(model='gemma3:4b')", "json_schema"),
    Offered(
        "groq:llama-3.3-70b-versatile", "groq", "ChatGroq(model='llama-3.3-70b-versatile')", "function_calling", KEY
    ),
    Offered("groq:openai/gpt-oss-20b", "groq", "ChatGroq(model='openai/gpt-oss-20b')", "json_schema", KEY),
    Offered(f"bedrock:{CLAUDE}", "aws", f"ChatBedrock(model='{CLAUDE}')", "function_calling", AWS),
    Offered(
        "bedrock:meta.llama3-8b-instruct-v1:0",
        "aws",
        "ChatBedrock(model='meta.llama3-8b-instruct-v1:0')",
        "prompt",
        AWS,
    ),
    Offered(f"bedrock-converse:{CLAUDE}", "aws", f"ChatBedrockConverse(model='{CLAUDE}')", "function_calling", AWS),
    Offered(f"together:{LLAMA}", "together", f"ChatTogether(model='{LLAMA}')", "function_calling", KEY),
    Offered("litellm:openai/gpt-5-mini", "litellm", "ChatLiteLLM(model='openai/gpt-5-mini')", "function_calling", KEY),
]
EMBEDDINGS = [
    Offered(
        "openai:text-embedding-3-small",
        "openai",
        "OpenAIEmbeddings(model='text-embedding-3-small')",
        "openai:text-embedding-3-small",
        KEY,
    ),
    Offered(
        "openai:text-embedding-3-large",
        "openai",
        "OpenAIEmbeddings(model='text-embedding-3-large')",
        "openai:text-embedding-3-large:256",
        {**KEY, "dimensions": 256},
    ),
    Offered(
        "ollama:nomic-embed-text:v1.5",
        "ollama",
        "OllamaEmbeddings(model='nomic-embed-text:v1.5')",
        "langchain:OllamaEmbeddings:nomic-embed-text:v1.5",
    ),
    Offered(
        "bedrock:amazon.titan-embed-text-v2:0",
        "aws",
        "BedrockEmbeddings(model='amazon.titan-embed-text-v2:0')",
        "langchain:BedrockEmbeddings:amazon.titan-embed-text-v2:0",
        AWS,
    ),
]


def named(offered: Offered) -> str:
    return re.sub(r"[:/]", "-", offered.name)


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """No socket connects and no name is looked up; keys of this machine count for nothing."""

    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("the network was asked")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    for name in os.environ:
        if re.search("KEY|TOKEN|OPENAI|OLLAMA|AWS|PROXY", name, re.IGNORECASE):
            monkeypatch.delenv(name)
    # LiteLLM itself fetches a list of prices when it is imported, unless this is set.
    monkeypatch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")


def needs(package: str) -> ModuleType:
    why = f"langchain-{package} is not installed"
    module: ModuleType = pytest.importorskip(f"langchain_{package}", reason=why, exc_type=ImportError)
    return module


def made(tmp_path: Path, model: Any = None, embeddings: Any = None, **given: Any) -> Memory:
    embeddings = FakeEmbedder() if embeddings is None else embeddings
    return create_memory(model, embeddings, database=tmp_path / "memx.db", background=False, **given)


def providers(memory: Memory) -> Any:
    return memory._current.providers


# One string each ---------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # some packages' own, at import
@pytest.mark.filterwarnings("ignore::UserWarning:litellm")
@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("offered", MODELS, ids=named)
def test_a_chat_model_is_one_string_away(offered: Offered, tmp_path: Path) -> None:
    needs(offered.package)
    with made(tmp_path, offered.name, model_kwargs=dict(offered.settings)) as memory:
        llm = providers(memory).llm
    assert repr(llm) == f"LangChainLLM({offered.shown})"
    assert llm.method == offered.says
    assert llm._asking(MemoryOperations) is not None  # the package takes the schema this way
    assert "sk-secret" not in repr(llm) + repr(memory)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("offered", EMBEDDINGS, ids=named)
def test_embeddings_are_one_string_away(offered: Offered, tmp_path: Path) -> None:
    needs(offered.package)
    with made(tmp_path, None, offered.name, embeddings_kwargs=dict(offered.settings)) as memory:
        embedder = providers(memory).embedder
    assert repr(embedder) == f"LangChainEmbedder({offered.shown})"
    assert embedder.fingerprint == offered.says
    assert "sk-secret" not in repr(embedder) + embedder.fingerprint


@pytest.mark.usefixtures("offline")
def test_hugging_faces_embeddings_say_what_they_miss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needs("huggingface")
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(ImportError, match="pip install sentence-transformers"):
        made(tmp_path, None, "huggingface:sentence-transformers/all-MiniLM-L6-v2")


@pytest.mark.usefixtures("offline")
def test_hugging_faces_embeddings_are_one_string_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a stand-in for sentence-transformers, which would fetch weights; LangChain's class is the real one."""
    needs("huggingface")

    class SentenceTransformer:
        def __init__(self, name: str, **_: Any) -> None:
            self.prompts: dict[str, str] = {}

        def encode(self, texts: list[str], **_: Any) -> Any:
            return FakeEmbedder().embed_documents(texts)

    stand_in = ModuleType("sentence_transformers")
    stand_in.SentenceTransformer = SentenceTransformer  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "sentence_transformers", stand_in)
    with made(tmp_path, None, "huggingface:BAAI/bge-small-en-v1.5") as memory:
        embedder = providers(memory).embedder
        memory.add("I live in Oslo", user_id="u", infer=False)
        assert memory.search("Oslo", user_id="u")[0].memory.text == "I live in Oslo"
    assert repr(embedder) == "LangChainEmbedder(HuggingFaceEmbeddings(model='BAAI/bge-small-en-v1.5'))"
    assert embedder.fingerprint == "langchain:HuggingFaceEmbeddings:BAAI/bge-small-en-v1.5"


@pytest.mark.usefixtures("offline")
def test_hugging_faces_endpoint_embeddings_need_no_weights() -> None:
    huggingface = needs("huggingface")
    embeddings = huggingface.HuggingFaceEndpointEmbeddings(
        model="BAAI/bge-small-en-v1.5", huggingfacehub_api_token="sk-secret"
    )
    embedder = LangChainEmbedder(embeddings)
    assert embedder.fingerprint == "langchain:HuggingFaceEndpointEmbeddings:BAAI/bge-small-en-v1.5"
    assert "sk-secret" not in repr(embedder)


def test_an_azure_deployment_that_is_named_belongs_to_the_fingerprint() -> None:
    openai = needs("openai")
    given = {"api_key": "sk-secret", "azure_endpoint": "https://example.com", "api_version": "1"}
    named = openai.AzureOpenAIEmbeddings(model="text-embedding-3-small", azure_deployment="ours", **given)
    plain = openai.AzureOpenAIEmbeddings(model="text-embedding-3-small", **given)
    assert LangChainEmbedder(named).fingerprint == "langchain:AzureOpenAIEmbeddings:text-embedding-3-small:ours"
    assert LangChainEmbedder(plain).fingerprint == "langchain:AzureOpenAIEmbeddings:text-embedding-3-small"


# Objects and ports -------------------------------------------------------------------------------


def test_objects_are_taken_as_they_are(tmp_path: Path, colour: str) -> None:
    lives = adds("User lives in Oslo")
    with made(tmp_path, ToolChat(answers=[call(lives)]), WordEmbeddings()) as memory:
        if colour == "sync":
            added = memory.add("I live in Oslo.", user_id="u")
        else:
            added = asyncio.run(memory.aadd("I live in Oslo.", user_id="u"))
        given = providers(memory)
    assert [change.new_text for change in added.changes] == ["User lives in Oslo"]
    assert (type(given.llm), type(given.embedder)) == (LangChainLLM, LangChainEmbedder)


def test_ports_are_taken_as_they_are_and_nothing_means_offline(tmp_path: Path) -> None:
    llm, embedder = ScriptedLLM(), FakeEmbedder()
    with made(tmp_path, llm, embedder) as memory:
        assert (providers(memory).llm, providers(memory).embedder) == (llm, embedder)
    wrapped = LangChainLLM(PlainChat())
    with made(tmp_path, wrapped) as memory:
        assert providers(memory).llm is wrapped
    with made(tmp_path) as memory:
        assert providers(memory).llm is None
        assert memory.add("I live in Oslo.", user_id="u").changes


def test_the_rest_is_the_memorys(tmp_path: Path) -> None:
    with made(tmp_path, policy="review", namespace="app") as memory:
        assert repr(memory) == "Memory(namespace='app')"
    with pytest.raises(TypeError, match="colour"):
        made(tmp_path, colour="red")


# What cannot work --------------------------------------------------------------------------------

NO_PROVIDER = ["", " ", ":", "openai", "gpt-5-mini", "openai:", ":gpt-5-mini", " : "]


@pytest.mark.parametrize("name", NO_PROVIDER)
def test_a_name_without_a_provider_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="names no provider"):
        made(tmp_path, name)
    with pytest.raises(InvalidInputError, match="names no provider"):
        made(tmp_path, None, name)


@pytest.mark.parametrize("name", ["nobody:gpt-5-mini", "gpt-5-mini:openai", "claude-opus:x", "open ai:gpt"])
def test_a_provider_that_nobody_knows_is_refused_and_never_guessed(name: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"(?i)support"):
        made(tmp_path, name, model_kwargs=KEY)
    with pytest.raises(InvalidInputError, match=r"(?i)support"):
        made(tmp_path, None, name, embeddings_kwargs=KEY)


@pytest.mark.parametrize("name", ["OpenAI:gpt-5-mini", " openai : gpt-5-mini "])
def test_how_a_provider_is_spelt_does_not_matter(name: str, tmp_path: Path) -> None:
    needs("openai")
    with made(tmp_path, name, model_kwargs=KEY) as memory:
        assert repr(providers(memory).llm) == "LangChainLLM(ChatOpenAI(model='gpt-5-mini'))"


@pytest.mark.parametrize("given", [3, b"openai:gpt", ["openai:gpt-5-mini"], PlainChat, WordEmbeddings()])
def test_what_is_no_model_is_refused(given: Any, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError):
        made(tmp_path, given)


@pytest.mark.parametrize("given", [3, b"openai:text", WordEmbeddings, PlainChat()])
def test_what_is_no_embeddings_is_refused(given: Any, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError):
        made(tmp_path, None, given)


def test_settings_without_a_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="model_kwargs"):
        made(tmp_path, PlainChat(), model_kwargs={"temperature": 0})
    with pytest.raises(InvalidInputError, match="embeddings_kwargs"):
        made(tmp_path, None, WordEmbeddings(), embeddings_kwargs={"dimensions": 8})


@pytest.mark.parametrize("twice", [{"model": "gpt-4o"}, {"model_provider": "groq"}, {"provider": "ollama"}])
def test_what_the_name_says_is_not_said_twice(twice: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="already"):
        made(tmp_path, "openai:gpt-5-mini", model_kwargs=twice)
    with pytest.raises(InvalidInputError, match="already"):
        made(tmp_path, None, "openai:text-embedding-3-small", embeddings_kwargs=twice)


def test_a_model_that_is_chosen_later_is_refused(tmp_path: Path) -> None:
    needs("openai")
    with pytest.raises(InvalidInputError, match="LangChainLLM takes"):
        made(tmp_path, "openai:gpt-5-mini", model_kwargs={**KEY, "configurable_fields": "any"})


@pytest.mark.parametrize(("package", "name"), [("mistralai", "mistral-small"), ("cohere", "command-r")])
def test_a_missing_package_is_named(package: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, f"langchain_{package}", None)
    with pytest.raises(ImportError, match=f"pip install langchain-{package}"):
        made(tmp_path, f"{package}:{name}")
    with pytest.raises(ImportError, match=f"pip install langchain-{package}"):
        made(tmp_path, None, f"{package}:{name}")


def test_without_langchain_itself_the_extra_is_named(tmp_path: Path) -> None:
    code = """
        import sys
        sys.modules["langchain"] = None
        import langchain_memx
        langchain_memx.create_memory("openai:gpt-5-mini")
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert 'pip install "memx-core[langchain]"' in done.stderr.splitlines()[-1]


@pytest.mark.usefixtures("offline")
def test_a_missing_key_is_the_providers_own_error(tmp_path: Path) -> None:
    needs("openai")
    with pytest.raises(importlib.import_module("openai").OpenAIError, match="OPENAI_API_KEY"):
        made(tmp_path, "openai:gpt-5-mini")


@pytest.mark.parametrize("wrong", [{"max_tokens": "many"}, {"n": -1}])
def test_settings_that_a_provider_refuses_are_told_without_the_key(wrong: dict[str, Any], tmp_path: Path) -> None:
    openai = needs("openai")
    with pytest.raises(ValidationError) as plain:
        openai.ChatOpenAI(**KEY, **wrong)
    with pytest.raises(InvalidInputError) as caught:
        made(tmp_path, "openai:gpt-5-mini", model_kwargs={**KEY, **wrong})
    (problem,) = plain.value.errors()
    assert problem["msg"] in str(caught.value)
    assert "sk-" not in str(caught.value)
    assert caught.value.__suppress_context__  # a traceback would show what was given


@pytest.mark.parametrize(
    "model", [pytest.param({"model_kwargs": {**KEY, "max_tokens": "x"}}, id="model"), pytest.param({}, id="none")]
)
def test_what_cannot_be_made_leaves_no_database(model: dict[str, Any], tmp_path: Path) -> None:
    needs("openai")
    with pytest.raises(InvalidInputError):
        create_memory("openai:gpt-5-mini" if model else "nobody", FakeEmbedder(), database=tmp_path / "a.db", **model)
    assert not list(tmp_path.iterdir())
