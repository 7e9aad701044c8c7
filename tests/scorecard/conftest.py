"""Every test begins in English: a request for a Chinese page leaves its language behind."""

import pytest
from django.utils import translation


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield
