"""10,000 damaged documents: each ends in clean entries or in a sentence, and no item beside the damage loses its title.

A bounded run of `tests.feeds.fuzz`; MUTATIONS sets the number of its documents.
"""

import os

import pytest

from tests.feeds import fuzz

pytestmark = pytest.mark.slow

MUTATIONS = int(os.environ.get("MUTATIONS", "10000"))
PARTS = 4


@pytest.mark.parametrize("part", range(PARTS))
def test_a_damaged_document_ends_in_clean_entries_or_in_a_sentence(part):
    findings = fuzz.run(MUTATIONS // PARTS, seed=part)
    assert findings.faults == []
    assert min(findings.ends[end] for end in ("read", "refused", "kept")) > MUTATIONS / PARTS / 20, (
        findings.ends
    )
