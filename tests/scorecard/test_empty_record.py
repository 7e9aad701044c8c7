"""Before anything is on record the pages stand, and claim nothing."""

import pytest

pytestmark = pytest.mark.django_db


def test_an_empty_record_makes_no_claim(client):
    html = client.get("/").content.decode()
    assert "seven have too little evidence" in html
    assert "starting line" in html
    for path in (
        "/recommendations/trust/",
        "/events/",
        "/actors/",
        "/method/",
        "/changes/",
        "/r/all.csv",
        "/r/3.png",
    ):
        assert client.get(path).status_code == 200, path
