"""The query language over events: fields, dates, exclusion, and Chinese inside sentences."""

import datetime

import pytest

from tests.scorecard import cast
from tests.service import Service
from tests.tracker import queries
from tracker import search, triage
from tracker.models import Article, Event, Recommendation


@pytest.fixture
def events(db):
    def make(title, date, actors, publisher, language="en", summary=""):
        number = Article.objects.count()
        article = Article.objects.create(
            title=title, publisher=publisher, url=f"https://{number}.example/", url_key=f"{number:064}",
            language=language,
        )  # fmt: skip
        return triage.propose(
            title=title, date=date, actors=actors, articles=[article], language=language, summary=summary
        ).id

    return {
        "control": make("New export control on chips", datetime.date(2025, 4, 2), ["us"], "Reuters"),
        "answer": make("China answers export control", datetime.date(2025, 5, 9), ["china"], "Xinhua"),
        "hans": make(
            "中美就人工智能出口管制举行会谈", datetime.date(2025, 6, 30), ["china"], "新华社", "zh-Hans"
        ),
        "hant": make("美國宣布新的出口管制措施", datetime.date(2025, 7, 1), ["us"], "中央社", "zh-Hant"),
    }


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ('title:"export control"', {"control", "answer"}),
        ('title:"EXPORT  control"', {"control", "answer"}),
        ("export chips", {"control"}),
        ("actor:china", {"answer", "hans"}),
        ("actor:china -source:xinhua", {"hans"}),
        ("-actor:china", {"control", "hant"}),
        ("date:2025-04..2025-06", {"control", "answer", "hans"}),
        ("date:2025-06-30..", {"hans", "hant"}),
        ("date:..2025-04", {"control"}),
        ("date:2025-07", {"hant"}),
        ("date:2024", set()),
        ("出口", {"hans", "hant"}),
        ("管制", {"hans", "hant"}),
        ("出口管制 會談", {"hans"}),
        ("title:美国", {"hant"}),
        ("title:美國", {"hant"}),
        ("lang:zh", {"hans", "hant"}),
        ("status:accepted", set()),
        ("source:新华社", {"hans"}),
        ("100%", set()),
        ("", {"control", "answer", "hans", "hant"}),
    ],
)
def test_what_a_query_finds(events, query, found):
    keys = set(
        Event.objects.filter(search.EventQuery.read(query, desk=True).condition()).values_list(
            "pk", flat=True
        )
    )
    assert keys == {events[name] for name in found}


def found(text, **chosen):
    query = search.EventQuery.read(text, chosen, desk=True)
    return set(Event.objects.filter(query.condition()).values_list("pk", flat=True))


@pytest.mark.parametrize(
    ("text", "query", "is_found"),
    [
        ("Exports to be curbed", "export", True),
        ("Reexports to be curbed", "export", False),
        ("Exports to be curbed", '"export"', False),
        ("Exports to be curbed", '"exports TO"', True),
        ("Exports to be curbed", '"to exports"', False),
        ("An act of trust", "us", False),
        ("U.S. curbs", "u.s.", True),
        ("U.S. curbs", '"U S"', True),
        ("Façade, Straße, ＡＩ", "facade STRASSE ai", True),
        ("Facade", "façade", True),
        ("対中AI規制", "ai", True),
        ("対中AI規制", "規制", True),
        ("中国在人工智能领域", '"人工智能"', True),
        ("關稅與晶片", "关税 芯片", False),  # 晶片 is another word, not another script
        ("關稅與晶片", "关税 OR 芯片", True),
        ("Tariffs", "tariff -chip", True),
        ("Tariffs on chips", "tariff -chip", False),
        ("Tariffs on chips", "-chip OR tariff", True),
        ("The OR operator", '"or"', True),
        ("At 10:30", "10:30", True),
        ("See https://a.example/b", "https://a.example/b", True),
    ],
)
def test_how_words_match(db, text, query, is_found):
    key = triage.propose(title=text, date=datetime.date(2025, 4, 2), certainty="reported").pk
    assert (key in found(query)) is is_found


def test_a_proposal_is_found_by_its_reports_before_and_after_it_is_accepted(events, django_user_model):
    title = "New export control on chips"
    assert events["control"] in found(f'source:reuters source:example "{title}"')
    code = {"rec": "trust", "direction": -1, "strength": 4, "ask": "import-barriers"}
    Recommendation.objects.create(slug="trust", number=5)
    triage.accept(events["control"], assessments=[code | {"rationale": "A bar to commerce."}])
    assert events["control"] in found(
        "source:reuters source:example commerce rec:trust direction:- strength:4,5"
    )
    assert found("ask:import-barriers", direction=["+"]) == set()


def test_a_growing_proposal_is_found_by_each_report_and_by_what_the_machine_reads_now(events):
    row = Event.objects.get(pk=events["control"])
    late = Article.objects.create(title="Late", publisher="Kyodo", url="https://k.example/", url_key="k" * 64)
    triage.refresh(
        row, articles=[late], suggestion={"labels": [{"rec": "misuse", "direction": 1, "strength": 2}]}
    )
    assert found("kyodo late rec:misuse direction:advances") == {row.pk}


def test_what_is_hidden_for_blind_coding_is_not_found_by_its_codes(db, settings):
    settings.HIDDEN_SUGGESTION_SHARE = 1
    label = {"rec": "trust", "direction": -1, "strength": 4}
    hidden = triage.propose(title="Hidden", date=datetime.date(2025, 4, 2), suggestion={"labels": [label]})
    settings.HIDDEN_SUGGESTION_SHARE = 0
    shown = triage.propose(title="Shown", date=datetime.date(2025, 4, 2), suggestion={"labels": [label]})
    assert found("rec:trust direction:-") == {shown.pk}
    assert found("hidden") == {hidden.pk}
    assert found("-rec:trust") == {hidden.pk}


def test_codes_of_one_query_hold_in_one_and_the_same_assessment(db):
    codes = [
        {"rec": "trust", "direction": 1, "strength": 3, "ask": "data-sharing"},
        {"rec": "misuse", "direction": -1, "strength": 5, "ask": None},
    ]
    for slug in ("trust", "misuse"):
        Recommendation.objects.create(slug=slug, number=len(slug))
    triage.enter(cast.event("two", assessments=codes), who="seed")
    assert found("rec:trust direction:+ strength:3 ask:data-sharing")
    assert found("rec:trust,misuse direction:-")
    assert found("rec:trust OR rec:misuse direction:- strength:4,5")
    for nothing in (
        "rec:trust direction:-",
        "direction:+ strength:5",
        "-rec:misuse",
        "rec:misuse ask:data-sharing",
    ):
        assert not found(nothing), nothing


def test_desk_prefixes_are_refused_elsewhere():
    with pytest.raises(search.SearchError, match="cannot be searched"):
        search.EventQuery.read("status:accepted")


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("colour:red", "title:, source:, actor:"),
        ("actor:mars", "us, china, multilateral"),
        ("date:2025-13", "2025-03-14"),
        ("date:yesterday", "2025-03-14"),
        ('title:"open', "quotation mark"),
        ('title:""', "missing after"),
        ("actor:", "missing after"),
        ("Colour:red", "title:, source:, actor:"),
        ("OR chips", "between two"),
        ("chips OR", "between two"),
        ("a OR OR b", "between two"),
        ("-", "no letter"),
        ("☃", "no letter"),
        ("a\x07b", "Character 2"),
        ("rec:trust rec:misuse", "stands twice"),
        ("strength:6", "1, 2, 3, 4, 5"),
        ("direction:up", "advances"),
        ("date:..", "2025-03-14"),
        ("date:2025-02-30", "2025-03-14"),
        ("lang:中文", "zh-hans"),
        ("id:a_b", "hyphens"),
        ("retracted:maybe", "true, false"),
        ("x" * 301, "at most 300"),
        (" ".join(["a"] * 21), "at most 20"),
        ("status:'; DROP TABLE--", "is not known"),
    ],
)
def test_a_query_that_cannot_be_read_says_what_can(query, says):
    with pytest.raises(search.SearchError, match=says):
        search.EventQuery.read(query, desk=True)


def test_addresses_are_text():
    assert search.EventQuery.read("https://x.example/a").groups[0][0].field == ""


@pytest.mark.slow
@pytest.mark.usefixtures("seeded")
def test_rows_and_lines_of_the_log_are_found_by_the_same_queries():
    queries.enter_odd()
    assert queries.check(400) > 60


@pytest.mark.servers
@pytest.mark.slow
def test_postgresql_finds_what_the_lines_of_the_log_say(tmp_path, postgres_server):
    with Service(tmp_path).filled(postgres_server) as service:
        told = service.ask(
            "from tests.tracker import queries\nqueries.enter_odd()\nanswer = queries.check(400)"
        )
    assert told > 60
