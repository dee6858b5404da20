"""The methods of `Ledger` by subject: each is one transaction, whose SQL lives in a module of its own."""
