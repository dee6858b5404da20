"""What every index behind the port `Index` promises."""

from __future__ import annotations

from memx_core.testing.contracts.index_finding import Finding
from memx_core.testing.contracts.index_scopes import Isolation
from memx_core.testing.contracts.index_writing import Following


class IndexContract(Finding, Isolation, Following):
    """Subclass it and define `make_index`, which returns a new, empty index for 4 dimensions.

    The index is attached to a `ListSource`, and also told of every write: it may use either.
    """
