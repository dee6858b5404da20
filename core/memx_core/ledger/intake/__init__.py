"""The parts of a load; `ledger.loading` puts them together."""
