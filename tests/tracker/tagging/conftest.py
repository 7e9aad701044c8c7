"""One tagger trained from the seeds for all tests here: once a machine, as for the service itself."""

import pytest

from tracker import training


@pytest.fixture(scope="session")
def tagger():
    return training.from_seeds()
