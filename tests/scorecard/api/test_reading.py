"""Reading: the figures of `standings`, filters, conditions, problems, limits."""

import datetime
import gzip
import json
import re

import pytest
from django.core.cache import cache
from django.utils import timezone

from scorecard import footing, standings
from tests.scorecard import cast
from tracker import log, record, triage
from tracker.models import Event, Revision

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seeded_once")]

TRUCE = "2025-05-12-geneva-tariff-truce"
READ = (
    *("/", "/recommendations/", "/recommendations/trust/", "/scores/", "/scores/trust/"),
    *("/scores/trust/contributions/", "/views/", "/series/?every=30", "/waterfall/", "/events/"),
    *(f"/events/{TRUCE}/", f"/events/{TRUCE}/history/", "/articles/", "/sources/", "/changes/?limit=3"),
    *(
        "/method/",
        "/codebook/",
        "/cues/",
        "/coverage/",
        "/agreement/",
        "/exports/",
        "/editions/",
        "/disputes/",
    ),
    "/schema/",
)


@pytest.fixture(autouse=True)
def unhurried(settings):
    settings.API_RATE_ANONYMOUS = 100_000


@pytest.mark.parametrize(
    "query", ["", "?as_of=2025-10-01", "?as_of=2025-06-01&known_at=2026-07-07&actor=china"]
)
def test_the_figures_are_those_of_the_standings(client, seeded, query):
    found = cast.get(client, f"/scores/{query}")
    asked = dict(pair.split("=") for pair in query.lstrip("?").split("&") if pair)
    as_of = datetime.date.fromisoformat(asked["as_of"]) if "as_of" in asked else timezone.now().date()
    known_at = datetime.date.fromisoformat(asked["known_at"]) if "known_at" in asked else None
    report = standings.report(as_of, known_at, asked.get("actor"))
    for slug, readings in report["recommendations"].items():
        acts = readings["balance"].pop("acts")
        assert found["recommendations"][slug] == json.loads(json.dumps(readings))
        proof = cast.get(client, f"/scores/{slug}/contributions/{query}")
        some = cast.get(client, f"/scores/{slug}/contributions/{query}{'&' if query else '?'}limit=2")
        assert proof["total"] == some["total"] == len(acts)
        assert some["results"] == proof["results"][:2]
        assert sum(act["points"] for act in proof["results"]) == pytest.approx(
            readings["balance"]["score"], abs=1e-9
        )
    assert found["overall"] == json.loads(json.dumps(report["overall"]))


def test_series_and_waterfall_agree_with_the_scores(client, seeded):
    whole = cast.get(client, "/series/?as_of=2026-01-31&recommendation=trust")
    score = cast.get(client, "/scores/trust/?as_of=2026-01-31")["readings"]["balance"]["score"]
    assert whole["recommendations"]["trust"]["score"][-1] == pytest.approx(score, abs=1e-9)
    assert whole["days"][0] == record.START.isoformat()
    weekly = cast.get(client, "/series/?as_of=2026-01-31&recommendation=trust&every=7&first=2026-01-01")
    assert weekly["days"] == ["2026-01-03", "2026-01-10", "2026-01-17", "2026-01-24", "2026-01-31"]
    fall = cast.get(client, "/waterfall/?earlier=2025-10-31&later=2026-01-31")["recommendations"]["trust"]
    assert fall["to"] == pytest.approx(score, abs=1e-9)
    assert sum(step["points"] for step in fall["steps"]) == pytest.approx(fall["change"], abs=1e-9)


@pytest.mark.parametrize(
    ("query", "keeps"),
    [
        ("recommendation=trust&direction=-1", lambda line: _coded(line, "trust", (1, 2, 3, 4, 5), -1)),
        ("strength=4,5&recommendation=misuse", lambda line: _coded(line, "misuse", (4, 5))),
        ("actor=eu,multilateral", lambda line: {"eu", "multilateral"} & set(line["actors"])),
        ("certainty=reported", lambda line: line["certainty"] == "reported"),
        ("first=2025-05-01&last=2025-05-31", lambda line: "2025-05-01" <= line["date"] <= "2025-05-31"),
        ("language=zh", lambda line: any(s["lang"].startswith("zh") for s in line["sources"])),
        ("ask=import-barriers", lambda line: any(a["ask"] == "import-barriers" for a in line["assessments"])),
        (f"supersedes={TRUCE}", lambda line: TRUCE in line["supersedes"]),
        ("q=tariff truce", lambda line: _says(line, "tariff") and _says(line, "truce")),
        ("q=出口管制", lambda line: _says(line, "出口管制")),
        ("q=關稅", lambda line: _says(line, "关税")),
    ],
)  # fmt: skip
def test_filters_keep_exactly_what_they_say(client, seeded, query, keeps):
    total, found = cast.walk(client, f"/events/?{query}&limit=100")
    expected = [line for line in (json.loads(body) for body in log.lines()) if keeps(line)]
    assert total == len(found) == len(expected)
    assert {line["id"] for line in found} == {line["id"] for line in expected}


def _coded(line, rec, strengths, direction=None):
    """Whether one and the same assessment holds all of it."""
    return any(
        item["rec"] == rec and item["strength"] in strengths and direction in (None, item["direction"])
        for item in line["assessments"]
    )


def _says(line, word):
    """Written in Chinese, or at the beginning of a word."""
    texts = [line[name] for name in ("title", "title_zh", "summary", "summary_zh", "id")]
    texts += [item["rationale"] for item in line["assessments"]]
    texts += [source[name] for source in line["sources"] for name in ("title", "publisher", "url")]
    return any(
        re.search(word if ord(word[0]) > 999 else rf"(?<![a-z0-9]){word}", text.lower()) for text in texts
    )


def test_only_the_fields_asked_for_come(client, seeded):
    page = cast.get(client, "/events/?fields=id,date&limit=1")
    assert set(page["results"][0]) == {"id", "date"}


@pytest.mark.parametrize(
    ("path", "status", "named"),
    [
        ("/events/?colour=red", 400, "colour"),
        ("/events/?limit=0", 400, "limit"),
        ("/events/?limit=null", 400, "limit"),
        ("/events/?limit=5&limit=6", 400, "twice"),
        ("/events/?actor=", 400, "actor"),
        ("/events/?first=2025-02-30", 400, "first"),
        ("/events/?cursor=bm9uc2Vuc2U", 404, "cursor"),
        ("/events/?cursor=%F0%9F%98%80", 404, "cursor"),
        ("/events/?q=%00", 400, "q"),
        ("/scores/?as_of=yesterday", 400, "as_of"),
        ("/scores/?as_of=2024-12-31", 404, "as_of"),
        ("/scores/?as_of=2099-01-01", 404, "as_of"),
        ("/scores/peace/", 404, "peace"),
        ("/waterfall/?earlier=2025-10-01&later=2025-09-01", 404, "earlier"),
        ("/events/no-such-event/", 404, "no-such-event"),
        ("/changes/?after=-1", 400, "after"),
        ("/nowhere/", 404, "/api/v1/nowhere/"),
        ("/exports/events.exe", 404, "events.exe"),
        ("/editions/2025-13-45/", 404, "2025-13-45"),
        ("/articles/?cursor=WyJhIiwxLDJd", 404, "cursor"),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_is_a_problem_with_its_reason(client, seeded, path, status, named):
    answer = client.get(cast.API + path)
    problem = json.loads(answer.content)
    assert (answer.status_code, problem["status"]) == (status, status)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert named in problem["detail"]


def test_a_slip_of_the_pen_is_met_with_a_hint(client, seeded):
    problem = cast.get(client, "/events/?recomendation=trust", 400)
    assert "did you mean recommendation?" in problem["detail"]
    answer = client.get("/api/v1/events?q=chip&limit=2")
    assert (answer.status_code, answer.headers["Location"]) == (301, "/api/v1/events/?q=chip&limit=2")
    for path in ("/nowhere", "/events/x/y/z", "//evil.example/events"):
        cast.get(client, path, 404)
    assert client.post("/api/v1/disputes").status_code == 404


def test_another_method_is_refused_with_those_allowed(client, seeded):
    answer = client.delete("/api/v1/scores/")
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert client.post("/api/v1/nowhere/").status_code == 404


@pytest.mark.parametrize("path", READ)
def test_every_answer_can_be_asked_for_conditionally(client, seeded, path):
    first = client.get(cast.API + path)
    assert first.status_code == 200
    again = client.get(cast.API + path, HTTP_IF_NONE_MATCH=first.headers["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    weak = client.get(cast.API + path, HTTP_IF_NONE_MATCH=f'"other", W/{first.headers["ETag"]}')
    assert weak.status_code == 304
    packed = client.get(cast.API + path, HTTP_ACCEPT_ENCODING="gzip")
    body = gzip.decompress(packed.content) if "Content-Encoding" in packed.headers else packed.content
    assert body == first.content
    assert client.head(cast.API + path).status_code == 200


def test_a_change_of_the_record_ends_the_condition(client, seeded):
    first = client.get("/api/v1/scores/")
    triage.enter(cast.event("2026-07-01-a-new-law", "2026-07-01"), who="Ada", why="new")
    second = client.get("/api/v1/scores/", HTTP_IF_NONE_MATCH=first.headers["ETag"])
    assert second.status_code == 200
    assert second.content != first.content


def test_last_modified_is_kept_until_something_moves(client, seeded):
    cache.clear()
    stale = (timezone.now() - datetime.timedelta(days=400)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    ahead = (timezone.now() + datetime.timedelta(hours=1)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    assert client.get("/api/v1/scores/", HTTP_IF_MODIFIED_SINCE=stale).status_code == 200
    assert client.get("/api/v1/scores/", HTTP_IF_MODIFIED_SINCE=ahead).status_code == 304


def test_any_site_may_read_and_no_cookie_comes(client, seeded):
    answer = client.get("/api/v1/scores/", HTTP_ORIGIN="https://elsewhere.example")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "RateLimit" in answer.headers["Access-Control-Expose-Headers"]
    assert not answer.cookies


@pytest.mark.parametrize(
    "path", ["/api/v1/scores/", "/feeds/all.atom", "/zh-hans/feeds/all.json", "/r/trust.csv"]
)
def test_a_page_of_another_origin_may_send_what_it_holds_and_read_the_answer(client, seeded, path):
    origin = {"HTTP_ORIGIN": "https://elsewhere.example"}
    asked = {
        "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "GET",
        "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": "if-none-match",
    }
    before = client.options(path, **origin, **asked)
    assert before.status_code == 200
    assert before.headers["Access-Control-Allow-Origin"] == "*"
    assert "if-none-match" in before.headers["Access-Control-Allow-Headers"]
    assert "GET" in before.headers["Access-Control-Allow-Methods"]
    first = client.get(path, **origin)
    assert first.headers["Access-Control-Allow-Origin"] == "*"
    assert "ETag" in first.headers["Access-Control-Expose-Headers"]
    again = client.get(path, **origin, HTTP_IF_NONE_MATCH=first.headers["ETag"])
    assert (again.status_code, again.headers["Access-Control-Allow-Origin"]) == (304, "*")


def test_no_other_origin_reads_what_is_for_people_who_signed_in(client, seeded):
    answer = client.get("/admin/login/", HTTP_ORIGIN="https://elsewhere.example")
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_the_rate_is_told_and_held(client, seeded, settings):
    settings.API_RATE_ANONYMOUS = 3
    left = []
    for _ in range(3):
        answer = client.get("/api/v1/codebook/")
        left.append(answer.headers["RateLimit"].split(";")[1])
    assert left == ["r=2", "r=1", "r=0"]
    assert answer.headers["RateLimit-Policy"] == '"anonymous";q=3;w=60'
    refused = client.get("/api/v1/codebook/")
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    forged = client.get("/api/v1/codebook/", HTTP_X_FORWARDED_FOR="203.0.113.9")
    assert forged.status_code == 429  # no trusted proxy stands before us, so its header means nothing


@pytest.mark.parametrize(
    ("path", "queries"),
    [
        ("/events/?limit=100", 7),
        ("/events/?limit=10&q=chip&actor=us&recommendation=trust", 7),
        ("/articles/?limit=100", 8),
        (f"/events/{TRUCE}/", 6),
        ("/changes/?limit=500", 4),
        ("/recommendations/", 3),
    ],
)
def test_a_list_of_any_length_costs_as_many_queries(
    client, seeded, path, queries, django_assert_max_num_queries
):
    with django_assert_max_num_queries(queries):
        assert client.get(cast.API + path).status_code == 200


def test_what_is_kept_costs_one_query(client, seeded, django_assert_num_queries):
    client.get("/api/v1/events/")
    with django_assert_num_queries(1):
        assert client.get("/api/v1/events/").status_code == 200


def test_sources_and_coverage_count_the_record(client, seeded):
    lines = [json.loads(body) for body in log.lines()]
    sources = cast.get(client, "/sources/")
    assert sum(each["reports"] for each in sources["results"]) == sum(len(line["sources"]) for line in lines)
    coverage = cast.get(client, "/coverage/")
    assert coverage["events"] == len(lines) == Event.objects.accepted().count() == Revision.objects.count()
    assert coverage["coded_to"] == footing.coded_to().isoformat()
