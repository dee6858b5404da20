"""memx for LangChain: agent middleware, tools, a retriever and chat history on one `memx_core.Memory`."""
