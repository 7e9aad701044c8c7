"""Sheets of the record open safely: no text in them is taken for a formula."""

import csv
import io
import json

import openpyxl
import pytest

from tests.scorecard import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("recommendations")]


def taken(client, name, ending):
    return b"".join(client.get(f"/api/v1/exports/{name}.{ending}").streaming_content)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", " =1", "\n=1"])
def test_no_text_of_the_record_becomes_a_formula(client, text):
    sources = [{"title": text, "publisher": text, "url": "https://a.example/", "date": None, "lang": "en"}]
    cast.put("hostile", title=text, title_zh=text, summary=text, sources=sources)
    for name in ("events", "assessments", "sources"):
        for row in csv.reader(io.StringIO(taken(client, name, "csv").decode(), newline="")):
            cells = [cell for cell in row if not cell.lstrip("-").replace(".", "").isdigit()]
            assert not [cell for cell in cells if cell.lstrip(" ")[:1] in tuple("=+-@\t\r\n＝")]
        book = openpyxl.load_workbook(io.BytesIO(taken(client, name, "xlsx")))
        assert not [cell for sheet in book for row in sheet for cell in row if cell.data_type == "f"]
    assert json.loads(taken(client, "events", "jsonl"))["title"] == text.strip()
