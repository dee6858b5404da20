"""memx for LlamaIndex: a memory, a memory block, a retriever and tools on one `memx_core.Memory`."""
