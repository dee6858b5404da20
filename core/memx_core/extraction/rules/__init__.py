"""The offline proposer: facts from plain English statements, by rules, without a model."""

from memx_core.extraction.rules.proposing import propose, slots

__all__ = ["propose", "slots"]
