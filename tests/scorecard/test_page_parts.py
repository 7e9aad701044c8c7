"""The parts of pages that need no database: clock, filters, citations, sides, feeds."""

import datetime
import json
import xml.etree.ElementTree as ElementTree

import pytest

from scorecard import acts, querystring
from scorecard.history import Version
from scorecard.pages.frame import Citation
from scorecard.pages.views import machines
from tracker import record as record_format
from tracker import search, text
from tracker.codebook import current

TODAY = datetime.date(2026, 11, 24)
UTC = datetime.UTC


def record(event_id="exports", **changes):
    raw = {
        "id": event_id,
        "date": "2025-05-12",
        "title": "A truce <b>on</b> exports & chips",
        "title_zh": "出口与芯片休战协议",
        "actors": ["us", "china"],
        "assessments": [{"rec": "trust", "direction": 1, "strength": 3, "rationale": "A truce."}],
        "sources": [{"title": "休战", "publisher": "Caixin", "url": "https://a.example/1", "lang": "zh"}],
    }
    return record_format.check(raw | changes)


class TestClock:
    def test_without_dates_a_page_is_about_today(self):
        read = querystring.clock_of({}, TODAY)
        assert (read.as_of, read.known_at, read.query()) == (TODAY, None, "")

    def test_both_dates_are_kept_in_every_link(self):
        read = querystring.clock_of({"as_of": "2025-10-01", "known_at": "2025-11-01"}, TODAY)
        assert read.query(page=2) == "?as_of=2025-10-01&known_at=2025-11-01&page=2"

    @pytest.mark.django_db
    def test_a_permanent_address_of_an_empty_record_names_day_and_method(self):
        assert querystring.clock_of({}, TODAY).permanent() == "?as_of=2026-11-24&method=1.1"

    @pytest.mark.parametrize(
        "value",
        [
            "2026-11-25",
            "2025-01-20",
            "2025-02-30",
            "yesterday",
            "999999999-01-01",
            "2025-1-1",
            "<script>",
            "²⁰²⁵-01-01",
        ],
    )
    def test_a_day_that_cannot_be_answered_is_refused_in_words(self, value):
        with pytest.raises(querystring.BadDate, match="2025-01-21"):
            querystring.clock_of({"as_of": value}, TODAY)


class TestFilters:
    def keeps(self, query, only="", **changes):
        line = record(**changes)
        query = querystring.filters_of(query, only=only).search
        return query.matches(text.words_of(line), search.codes_of(line["assessments"]), line)

    def test_everything_passes_without_filters(self):
        assert self.keeps({})
        assert self.keeps({}, assessments=[])

    @pytest.mark.parametrize(
        ("query", "kept"),
        [
            ({"actor": "us"}, True),
            ({"actor": "eu"}, False),
            ({"certainty": "rumoured"}, False),
            ({"direction": "1", "strength": "3"}, True),
            ({"direction": "-1"}, False),
            ({"recommendation": "governance"}, False),
            ({"language": "zh"}, True),
            ({"language": "en"}, False),
            ({"from": "2025-05-12", "to": "2025-05-12"}, True),
            ({"from": "2025-05-13"}, False),
            ({"to": "2025-05-11"}, False),
            ({"q": "TRUCE caixin"}, True),
            ({"q": "truce missing"}, False),
            ({"q": "芯片"}, True),
            ({"q": "稀土"}, False),
        ],
    )
    def test_each_filter_keeps_what_it_says(self, query, kept):
        assert self.keeps(query) is kept

    def test_direction_and_strength_must_hold_in_the_same_code(self):
        codes = [
            {"rec": "trust", "direction": 1, "strength": 3},
            {"rec": "governance", "direction": -1, "strength": 5},
        ]
        assert not self.keeps({"direction": "1", "strength": "5"}, assessments=codes)
        assert not self.keeps({"direction": "-1"}, only="trust", assessments=codes)

    @pytest.mark.parametrize(
        "query",
        [
            {"actor": "<script>"},
            {"strength": "6"},
            {"direction": "up"},
            {"from": "12/05/2025"},
            {"to": "2025-13-01"},
            {"page": "0"},
            {"page": "-1"},
            {"page": "9" * 500},
            {"page": "²"},
        ],
    )
    def test_a_filter_that_means_nothing_is_refused_in_words(self, query):
        with pytest.raises(querystring.BadFilter, match=next(iter(query))):
            querystring.filters_of(query)

    @pytest.mark.parametrize(
        ("words", "says"),
        [("a\x00b", "character"), ("c" * 301, "300"), ('"open', "quotation"), ("colour:red", "title:")],
    )
    def test_words_that_cannot_be_read_stay_in_the_form_with_the_reason(self, words, says):
        chosen, error = querystring.asked({"q": words, "actor": "us"})
        assert says in error
        assert (chosen.words, bool(chosen.search)) == (words[:300], False)

    def test_pages_of_a_list_overlap_nowhere_and_leave_nothing_out(self):
        everything = list(range(123))
        seen = [
            item
            for page in (1, 2, 3)
            for item in querystring.cut(everything, querystring.filters_of({"page": str(page)}))
        ]
        assert seen == everything
        assert querystring.cut(everything, querystring.filters_of({"page": "99"})) == everything[100:]


class TestCitations:
    CITED = Citation(
        "scorecard-trust-2026-11-24",
        "Trust: {50 %} of US–China_AI & more\nlines",
        "https://scorecard.example/recommendations/trust/?as_of=2026-11-24&known_at=2026-11-24",
        TODAY,
        TODAY,
        "1.0",
    )

    def test_bibtex_escapes_what_tex_would_act_on(self):
        text = self.CITED.bibtex()
        assert r"Trust: \{50 \%\} of US--China\_AI \& more lines" in text
        assert text.count("{") - text.count(r"\{") == text.count("}") - text.count(r"\}")

    def test_ris_is_one_field_a_line_and_ends(self):
        lines = self.CITED.ris().split("\r\n")
        assert all(line[2:6] == "  - " for line in lines if line)
        assert lines[0] == "TY  - DATA"
        assert lines[-2] == "ER  - "

    def test_the_sentence_names_title_version_day_and_address(self):
        text = self.CITED.text()
        assert "Method 1.0" in text
        assert "2026-11-24" in text
        assert self.CITED.address in text


@pytest.mark.parametrize(
    ("url", "side"),
    [
        ("https://www.whitehouse.gov/x", "us"),
        ("https://news.wsj.com/x", "us"),
        ("https://mit.edu/x", "us"),
        ("https://www.globaltimes.cn/x", "china"),
        ("https://www.cgtn.com/x", "china"),
        ("https://www.scmp.com/x", "third"),
        ("https://example.com.hk/x", "third"),
        ("https://gov.uk/x", "third"),
        ("https://something.com/x", "unknown"),
        ("https://cgtn.com.evil.com/x", "unknown"),
        ("https://notcgtn.com/x", "unknown"),
        ("https://startup.ai/x", "unknown"),
        ("", "unknown"),
        ("https://[bad", "unknown"),
    ],
)
def test_a_side_is_told_only_by_what_the_address_proves(url, side):
    assert current().side_of(url) == side


@pytest.mark.django_db
class TestFeeds:
    CHANNEL = machines.Channel(
        title='A "feed" & <more>',
        author="A & B",
        home="https://scorecard.example/",
        address="https://scorecard.example/feeds/all.atom",
        site="https://scorecard.example",
        language="en",
    )
    ATOM = "{http://www.w3.org/2005/Atom}"

    def entries(self, log, **wanted):
        return machines.newest(log, acts.Beside(), **wanted)

    def version(self, day, why="", **changes):
        return Version(record(**changes), datetime.datetime(2026, 1, day, 12, tzinfo=UTC), why)

    def test_a_corrected_word_is_no_change_of_meaning(self):
        log = [self.version(1), self.version(2, title="A truce on exports and chips")]
        assert [entry.kind for entry in self.entries(log)] == ["added"]

    def test_another_code_and_a_retraction_are(self):
        recoded = [{"rec": "trust", "direction": 1, "strength": 4, "rationale": "A law."}]
        log = [
            self.version(1),
            self.version(2, assessments=recoded),
            self.version(3, assessments=recoded, retracted=True),
        ]
        assert [entry.kind for entry in self.entries(log)] == ["retracted", "recoded", "added"]
        again = self.entries([*log, self.version(4, assessments=recoded)])
        assert [entry.kind for entry in again] == ["restored", "retracted", "recoded", "added"]

    def test_a_feed_of_one_recommendation_or_actor_holds_only_its_own(self):
        log = [self.version(1), self.version(2, event_id="other", actors=["eu"])]
        assert [entry.act.id for entry in self.entries(log, actor="eu")] == ["other"]
        assert self.entries(log, recommendation="misuse") == []
        assert len(self.entries(log, recommendation="trust")) == 2

    def test_an_event_that_is_recoded_away_from_a_recommendation_is_still_told_there(self):
        log = [
            self.version(1),
            self.version(2, assessments=[{"rec": "misuse", "direction": 1, "strength": 3}]),
        ]
        assert [entry.kind for entry in self.entries(log, recommendation="trust")] == ["recoded", "added"]

    def test_identities_are_stable_and_distinct(self):
        log = [self.version(1), self.version(2, certainty="reported")]
        first, second = self.entries(log), self.entries(log)
        assert first == second
        assert len({entry.identity for entry in first}) == 2

    def test_hostile_titles_stay_text_in_atom(self):
        hostile = "]]><script>alert(1)</script>\x08\x1b\ufffe & more"
        kept = self.version(1)
        kept.record["title"] = hostile  # as a line may hold that came in before texts were checked
        text = machines.as_atom(self.CHANNEL, self.entries([kept]))
        root = ElementTree.fromstring(text)
        (entry,) = root.findall(f"{self.ATOM}entry")
        assert "]]><script>alert(1)</script> & more" in entry.findtext(f"{self.ATOM}title")
        assert entry.findtext(f"{self.ATOM}updated") == "2026-01-01T12:00:00Z"
        assert root.find(f"{self.ATOM}id") is not None

    def test_an_empty_feed_is_still_valid(self):
        assert ElementTree.fromstring(machines.as_atom(self.CHANNEL, [])).findtext(f"{self.ATOM}updated")
        assert json.loads(machines.as_json(self.CHANNEL, []))["items"] == []

    def test_json_feed_has_the_same_entries_as_atom(self):
        found = self.entries([self.version(1), self.version(2, event_id="other")])
        items = json.loads(machines.as_json(self.CHANNEL, found))["items"]
        root = ElementTree.fromstring(machines.as_atom(self.CHANNEL, found))
        assert [item["id"] for item in items] == [
            entry.findtext(f"{self.ATOM}id") for entry in root.findall(f"{self.ATOM}entry")
        ]
