"""No cell of any CSV file is a formula, whatever stood in a title; numbers stay numbers."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as some

from tests.security import addresses
from tracker import rows
from tracker.models import Article, Event

DANGEROUS = tuple("=+-@\t\r\n＝＋－＠")
FORMULAS = (
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    "＝1+1",
    " =1+1",
    '=HYPERLINK("//evil")',
)


@given(
    some.lists(
        some.one_of(some.text(), some.sampled_from(FORMULAS), some.integers(), some.floats(allow_nan=False))
    )
)
def test_no_text_cell_begins_a_formula_and_numbers_come_back(cells):
    text = "".join(rows.csv_lines(["a"], [cells]))
    written = list(csv.reader(io.StringIO(text, newline="")))
    for given_, read in zip(cells, written[1] if len(written) > 1 else [], strict=False):
        if isinstance(given_, str):
            assert not read.lstrip(" ").startswith(DANGEROUS)
            assert rows.unguarded(read) == given_
        else:
            assert float(read) == float(given_)


@pytest.mark.django_db
@pytest.mark.slow
def test_no_csv_file_of_the_service_holds_a_formula(client, seeded):
    event = Event.objects.order_by("id").first()
    for number, words in enumerate(FORMULAS):
        Article.objects.create(
            url=f"https://a.example/{number}", url_key=str(number), title=words, publisher=words
        )
    Event.objects.filter(pk=event.pk).update(title=FORMULAS[0], summary=FORMULAS[1])
    asked = 0
    for address in addresses.every(event_id=event.id, ending="csv", format="csv"):
        answer = client.get(address.path) if not address.is_inside else None
        if answer and "text/csv" in answer.headers.get("Content-Type", ""):
            asked += 1
            body = b"".join(answer.streaming_content) if answer.streaming else answer.content
            for row in csv.reader(io.StringIO(body.decode("utf-8-sig"), newline="")):
                for cell in row:
                    assert is_number(cell) or not cell.lstrip(" ").startswith(DANGEROUS), (
                        address,
                        cell,
                    )
    assert asked >= 2


def is_number(cell):
    try:
        float(cell)
    except ValueError:
        return False
    return True
