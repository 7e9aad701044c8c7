"""One tagger trained from the seeds for all tests here: once a machine, as for the service itself."""

import pytest

from tracker import tagger_versions


@pytest.fixture(scope="session")
def tagger():
    return tagger_versions.from_seeds()
