"""`QdrantIndex` keeps what every index promises, wherever its points are."""

import pytest

from memx_core.testing import IndexContract
from memx_core.testing.contracts.index_case import IndexCase
from memx_core.testing.contracts.index_finding import Finding
from tests.qdrant_places import PLACES, place


class Somewhere(IndexCase):
    @pytest.fixture(autouse=True)
    def index_somewhere(self, where):
        with place(where) as self.make:
            super().setup_method()
            yield

    def make_index(self):
        return self.make()

    def setup_method(self):
        """The fixture knows where, and comes later."""


# The engine of local mode is the stand-in's too.
@pytest.mark.parametrize("where", [where for where in PLACES if where not in ("local", "older")])
class TestQdrantIndex(Somewhere, IndexContract):
    pass


@pytest.mark.parametrize("where", ["older", "grpc"])
class TestOnAServerThatWeighsNoWordsAndByGRPC(Somewhere, Finding):
    pass
