"""`QdrantIndex` keeps what every index promises, wherever its points are."""

import pytest

from memx_core.testing import IndexContract
from tests.qdrant_places import PLACES, place


@pytest.mark.parametrize("where", [where for where in PLACES if where != "local"])  # its engine is the stand-in's too
class TestQdrantIndex(IndexContract):
    @pytest.fixture(autouse=True)
    def index_somewhere(self, where):
        with place(where) as self.make:
            super().setup_method()
            yield

    def make_index(self):
        return self.make()

    def setup_method(self):
        """The fixture knows where, and comes later."""

    def teardown_method(self):
        self.index.close()
