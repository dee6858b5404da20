"""From messages and known facts to a proposal: by a language model (`llm`), or by rules (`rules`).

Both take a `ProposalRequest` and return a `Proposal` of numbered handles, unchecked. Whether it
holds is decided by `memx_core.reconciliation`.
"""
