"""Memories as LlamaIndex's nodes."""

from __future__ import annotations

from llama_index.core.schema import NodeWithScore, TextNode

from memx_core import SearchHit
from memx_core.labels import labels


def node(hit: SearchHit) -> NodeWithScore:
    """A hit as a node: the memory's id and text, its score, and in the metadata what memx knows of it.

    The metadata are for the application: a model is shown the text alone, no ids and no users, and
    so is an embedder. The memory's own metadata are there too, but for those whose names are memx's.
    """
    metadata = labels(hit)
    hidden = sorted(metadata)
    return NodeWithScore(
        node=TextNode(
            id_=hit.memory.id,
            text=hit.memory.text,
            metadata=metadata,
            excluded_llm_metadata_keys=hidden,
            excluded_embed_metadata_keys=hidden,
        ),
        score=hit.score,
    )
