"""One tagger trained from the seeds for all tests here; it lies in a folder that the processes share."""

import pytest
from django.test import override_settings
from filelock import FileLock

from tracker import training


@pytest.fixture(scope="session")
def tagger(tmp_path_factory):

    shared = tmp_path_factory.getbasetemp().parent / "tagger"
    shared.mkdir(exist_ok=True)
    with FileLock(shared / "lock"), override_settings(DATA_FOLDER=str(shared)):
        return training.from_seeds()
