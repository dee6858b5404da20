"""Any other ONNX sentence model can be given: with the inputs, the outputs and the folders that are usual."""

import json
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from memx_core.embedders import LocalEmbedder
from memx_core.errors import InvalidInputError

VOCABULARY = {"[UNK]": 0, "tea": 1, "coffee": 2, "[PAD]": 3}
TABLE = np.array([[5, 5, 5], [1, 0, 0], [0, 2, 0], [9, 9, 9]], np.float32)
"""The vector of each word; those of unknown words and of padding show when they get in."""
INT32, INT64 = 6, 7


def field(number: int, value: bytes | str | int) -> bytes:
    """A field of a protobuf message: a number, or anything with a length."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    raw = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(raw)) + raw


def varint(value: int) -> bytes:
    return bytes([value]) if value < 128 else bytes([value & 127 | 128]) + varint(value >> 7)


def port(name: str, kind: int, rank: int) -> bytes:
    """An input or output, of unknown size in each direction."""
    shape = b"".join(field(1, field(2, f"{name}-{axis}")) for axis in range(rank))
    return field(1, name) + field(2, field(1, field(1, kind) + field(2, shape)))


def node(kind: str, inputs: list[str], output: str, attribute: bytes = b"") -> bytes:
    return b"".join(field(1, name) for name in inputs) + field(2, output) + field(4, kind) + attribute


def model(*, inputs=("input_ids", "attention_mask"), output="last_hidden_state", kind=INT64, table=TABLE) -> bytes:
    """A model that looks up the vector of each token; a `sentence_embedding` is the largest of each direction."""
    pooled = output == "sentence_embedding"
    weights = (
        field(1, len(table)) + field(1, table.shape[1]) + field(2, 1) + field(8, "table") + field(9, table.tobytes())
    )
    nodes = [node("Gather", ["table", inputs[0]], "looked up" if pooled else output)]
    if pooled:
        axes = field(1, "axes") + field(8, 1) + field(20, 7)
        keep = field(1, "keepdims") + field(3, 0) + field(20, 2)
        nodes.append(node("ReduceMax", ["looked up"], output, field(5, axes) + field(5, keep)))
    graph = b"".join(
        [*(field(1, each) for each in nodes), field(2, "graph"), field(5, weights)]
        + [field(11, port(name, kind, 2)) for name in inputs]
        + [field(12, port(output, 1, 2 if pooled else 3))]
    )
    return field(1, 8) + field(7, graph) + field(8, field(2, 17))


def tokenizer() -> str:
    words = Tokenizer(models.WordLevel(VOCABULARY, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    return words.to_str()


def put(folder: Path, *, name: str = "model.onnx", content: bytes | None = None) -> Path:
    """A model with its tokenizer in `folder`."""
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(model() if content is None else content)
    (folder / "tokenizer.json").write_text(tokenizer(), encoding="utf-8")
    return folder


def unit(*numbers):
    return np.array(numbers) / np.linalg.norm(numbers)


def check(embedder, tea_and_coffee):
    vectors = embedder.embed_documents(["tea coffee", "tea", "tea tea tea tea"])
    np.testing.assert_allclose(vectors, [tea_and_coffee, unit(1, 0, 0), unit(1, 0, 0)], atol=1e-6)


def test_vectors_are_the_mean_of_their_tokens_without_the_padding(tmp_path):
    check(LocalEmbedder(put(tmp_path)), unit(1, 2, 0))


@pytest.mark.parametrize(
    "inputs", [["input_ids"], ["input_ids", "token_type_ids"], ["input_ids", "attention_mask", "token_type_ids"]]
)
@pytest.mark.parametrize("kind", [INT32, INT64])
def test_a_model_gets_the_inputs_that_it_asks_for(tmp_path, inputs, kind):
    check(LocalEmbedder(put(tmp_path, content=model(inputs=inputs, kind=kind))), unit(1, 2, 0))


def test_a_sentence_embedding_is_taken_as_it_is(tmp_path):
    embedder = LocalEmbedder(put(tmp_path, content=model(output="sentence_embedding")), batch_size=1)
    check(embedder, unit(1, 2, 0))
    np.testing.assert_allclose(embedder.embed_query("tea tea coffee"), unit(1, 2, 0), atol=1e-6)


@pytest.mark.parametrize(
    "config", [{"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}, {"pooling_mode": "cls"}]
)
def test_the_first_token_stands_for_all_where_the_model_says_so(tmp_path, config):
    pooling = put(tmp_path) / "1_Pooling"
    pooling.mkdir()
    (pooling / "config.json").write_text(json.dumps(config), encoding="utf-8")
    check(LocalEmbedder(tmp_path), unit(1, 0, 0))


def test_the_size_is_found_out_and_is_part_of_the_fingerprint(tmp_path):
    embedder = LocalEmbedder(put(tmp_path))
    assert embedder.dimensions == 3
    assert embedder.embed_documents([]).shape == (0, 3)
    provider, sha256, dimensions = embedder.fingerprint.split(":")
    assert (provider, len(sha256), dimensions) == ("onnx", 12, "3")


def test_other_weights_are_another_space(tmp_path):
    one = LocalEmbedder(put(tmp_path / "one"))
    same = LocalEmbedder(put(tmp_path / "same"))
    other = LocalEmbedder(put(tmp_path / "other", content=model(table=TABLE + 1)))
    assert one.fingerprint == same.fingerprint != other.fingerprint


def test_weights_in_a_file_of_their_own_count_too(tmp_path):
    before = LocalEmbedder(put(tmp_path / "before")).fingerprint
    (put(tmp_path / "after") / "model.onnx.data").write_bytes(b"other weights")
    assert LocalEmbedder(tmp_path / "after").fingerprint != before


@pytest.mark.parametrize("name", ["model.onnx", "onnx/model.onnx", "model_quantized.onnx"])
def test_the_model_is_found_where_it_usually_lies(tmp_path, name):
    check(LocalEmbedder(str(put(tmp_path, name=name))), unit(1, 2, 0))


@pytest.mark.parametrize("name", ["my.onnx", "onnx/my.onnx"])
def test_a_file_can_be_given_with_its_tokenizer_beside_or_above(tmp_path, name):
    check(LocalEmbedder(put(tmp_path, name=name) / name), unit(1, 2, 0))


def test_the_tokenizer_can_lie_elsewhere(tmp_path):
    put(tmp_path / "model")
    elsewhere = (tmp_path / "model" / "tokenizer.json").rename(tmp_path / "words.json")
    check(LocalEmbedder(tmp_path / "model", tokenizer=elsewhere), unit(1, 2, 0))


def test_a_path_that_leads_nowhere_is_refused(tmp_path):
    with pytest.raises(InvalidInputError, match=r"there is nothing at '.*nowhere'"):
        LocalEmbedder(tmp_path / "nowhere")


def test_a_folder_with_no_model_or_several_is_refused(tmp_path):
    with pytest.raises(InvalidInputError, match=r"no single ONNX model in .*found: none"):
        LocalEmbedder(tmp_path)
    put(tmp_path, name="a.onnx")
    put(tmp_path, name="b.onnx")
    with pytest.raises(InvalidInputError, match=r"found: a\.onnx, b\.onnx\); give the file itself"):
        LocalEmbedder(tmp_path)


def test_a_model_without_a_tokenizer_is_refused(tmp_path):
    (put(tmp_path) / "tokenizer.json").unlink()
    with pytest.raises(InvalidInputError, match=r"no tokenizer\.json beside .*tokenizer="):
        LocalEmbedder(tmp_path)


def test_a_file_that_is_no_model_is_refused(tmp_path):
    with pytest.raises(InvalidInputError, match="does not load as an ONNX sentence model"):
        LocalEmbedder(put(tmp_path, content=b"no model")).embed_query("tea")


def test_a_file_that_is_no_tokenizer_is_refused(tmp_path):
    (put(tmp_path) / "tokenizer.json").write_text("no tokenizer", encoding="utf-8")
    with pytest.raises(InvalidInputError, match="does not load as an ONNX sentence model"):
        LocalEmbedder(tmp_path).embed_query("tea")


def test_a_model_of_another_trade_is_refused(tmp_path):
    images = put(tmp_path / "images", content=model(inputs=["pixels"]))
    with pytest.raises(InvalidInputError, match=r"wants \['pixels'\]; a sentence model wants"):
        LocalEmbedder(images).embed_query("tea")
    logits = put(tmp_path / "logits", content=model(output="logits"))
    with pytest.raises(InvalidInputError, match=r"answers with \['logits'\]; a sentence model answers"):
        LocalEmbedder(logits).embed_query("tea")
