"""memx beside its peers: the same texts, the same embedder and the same model for all, each in a process of its own.

`driving` opens the processes and asks them in turn; `working` is what runs in each; `contenders` says who they are and
what of them can be compared; a peer's adapter is a file beside these.
"""
