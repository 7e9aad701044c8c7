"""`docs/codebook.schema.json` tells editors what the loader asks: neither lets through what the other refuses."""

import json

import jsonschema
import pytest
from django.conf import settings

from tests.tracker.test_book import REFUSED, SMALL, changed
from tracker import codebook as books
from tracker.codebook import document, reading

SCHEMA = json.loads((settings.BASE_DIR / "docs/codebook.schema.json").read_text("utf-8"))
CHECKER = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())
# What takes more than one value to see, and so the loader alone can say.
TOGETHER = (
    "is the name of", "is no actor", "is the key of", "asks in all", "is later than", "all are retired",
    "while nothing is compared", "no word for", "words for", "a second language other than",
)  # fmt: skip
INSTANCES = [
    "seeds/codebook.json",
    *(f"tests/instances/estuary/{name}.json" for name in ("codebook", "successor")),
]


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", INSTANCES)
def test_both_take_the_instances(name):
    text = (settings.BASE_DIR / name).read_text("utf-8")
    assert books.read(text)
    assert not list(CHECKER.iter_errors(json.loads(text)))


@pytest.mark.parametrize(
    ("changes", "sentence"), REFUSED, ids=[sentence[:60] for _changes, sentence in REFUSED]
)
def test_what_the_loader_refuses_of_one_value_the_schema_refuses(changes, sentence):
    assert not (CHECKER.is_valid(changed(*changes)) and not any(words in sentence for words in TOGETHER))


def _values():
    """Every place of the small codebook with values of other kinds, and every key left out or misspelt."""
    for path in _paths(SMALL, ()):
        for value in (None, True, -1, 1.5, "", "x", "Ab", [], {}, [None], {"en": "x"}, {"en": ""}, ...):
            yield path, value
        yield (*path[:-1], "unheard-of"), "x"


def _paths(value, path):
    if path:
        yield path
    if isinstance(value, dict):
        for key in value:
            yield from _paths(value[key], (*path, key))
    elif isinstance(value, list) and value:
        yield from _paths(value[0], (*path, 0))


def _put(path, value):
    try:
        return changed((path, value))
    except (TypeError, KeyError, IndexError):
        return None


@pytest.mark.slow
def test_they_agree_on_every_single_value():
    count, differ = 0, []
    for path, value in _values():
        if (raw := _put(path, value)) is None:
            continue
        count += 1
        faults, valid = _faults(raw), CHECKER.is_valid(raw)
        alone = [fault for fault in faults if not any(words in fault for words in TOGETHER)]
        if (valid and alone) or (not valid and not faults):
            differ.append((path, value, faults))
    assert count > 800
    assert not differ


def _faults(raw):
    try:
        books.read(json.dumps(raw))
    except books.CodebookError as error:
        return error.faults
    return ()


def test_limits_and_names_are_the_loader_s_own():
    assert set(SCHEMA["required"]) == {*document._REQUIRED, *document._SINCE_1_2}
    assert set(SCHEMA["properties"]) == {*SCHEMA["required"], *document._OPTIONAL}
    most = {name: SCHEMA["properties"][name]["maxItems"] for name in ("recommendations", "actors")}
    assert most == {"recommendations": document.MOST_RECOMMENDATIONS, "actors": document.MOST_ACTORS}
    asks = SCHEMA["$defs"]["recommendation"]["properties"]["asks"]
    assert asks["maxItems"] == document.MOST_ASKS
    assert SCHEMA["$defs"]["free"]["pattern"] == f"^{reading.SLUG}$"
