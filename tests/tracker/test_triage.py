"""Triage: what each deed does to the row, the journal and the log, and what it refuses."""

import datetime

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, connection, transaction

from scorecard.method import columns, weighing
from scorecard.method.parameters import method_of
from tracker import log as record_log
from tracker import triage
from tracker.codebook import current
from tracker.models import Article, Assessment, Decision, Event, Recommendation, Report, Revision
from tracker.triage import coding, double_coding, steps
from tracker.triage import statuses as moves

DAY = datetime.date(2026, 5, 4)
CODE = [
    {"rec": "trust", "direction": -1, "strength": 4, "ask": "import-barriers", "rationale": "A new barrier."}
]
SUGGESTION = {
    "relevance": 0.9,
    "labels": [
        {
            "rec": "trust",
            "direction": -1,
            "probability": 0.8,
            "strength": 4,
            "ask": "import-barriers",
            "because": [{"text": "tariff", "kind": "act", "field": "title", "start": 0, "end": 6}],
        }
    ],
    "actors": ["us"],
    "certainty": "reported",
    "silent": False,
    "model": "cues-1",
}


@pytest.fixture(autouse=True)
def nobody_codes_twice(settings):
    settings.DOUBLE_CODING_SHARE = 0


@pytest.fixture
def recommendations(db):
    for number, slug in enumerate(("civilian-first", "trust", "governance"), 1):
        Recommendation.objects.create(slug=slug, number=number, name_en=slug)


@pytest.fixture
def person(django_user_model):
    def make(name, role="analyst"):
        user = django_user_model.objects.create_user(name, password="correct horse battery")
        user.groups.add(Group.objects.get(name=role))
        return user

    return make


@pytest.fixture
def ada(person):
    return person("ada")


@pytest.fixture
def rita(person):
    return person("rita", "reviewer")


@pytest.fixture
def article(db):
    def make(title, publisher="Wire", **more):
        number = Article.objects.count()
        return Article.objects.create(
            title=title,
            publisher=publisher,
            url=f"https://news.example/{number}",
            url_key=f"{number:064}",
            language="en",
            **more,
        )

    return make


@pytest.fixture
def proposal(recommendations, article):
    def make(title="Tariff on Chinese AI chips", date=DAY, **more):
        return triage.propose(
            title=title,
            date=date,
            suggestion=more.pop("suggestion", SUGGESTION),
            articles=more.pop("articles", None) or [article(title[:500])],
            relevance=0.9,
            **more,
        )

    return make


@pytest.fixture
def accepted(proposal, rita):
    def make(title="Tariff on Chinese AI chips", date=DAY, **more):
        event = proposal(title, date)
        triage.accept(event, rita, assessments=CODE, **more)
        return event

    return make


def whole(event):
    """Everything a decision could have changed, as it stands in the database."""
    return steps.of(Event.objects.get(pk=event.pk))


def test_a_proposal_has_a_permanent_id_from_date_and_title(proposal):
    assert proposal("US & China hold AI talks!").id == "2026-05-04-us-china-hold-ai-talks"
    assert proposal("US & China hold AI talks!").id == "2026-05-04-us-china-hold-ai-talks-2"
    chinese = proposal("中国与美国举行人工智能对话", language="zh-Hans")
    assert chinese.id.startswith("2026-05-04-")
    assert len(chinese.id) == 19
    assert (chinese.title, chinese.title_zh) == ("", "中国与美国举行人工智能对话")
    assert Revision.objects.count() == 0


def test_accepting_as_suggested_puts_it_on_record(proposal, ada):
    event = proposal()
    revision = triage.accept(event, ada)
    assert event.status == "accepted"
    assert event.codebook == current().version
    assert event.decided_by == ada
    assert revision.kind == "create"
    assert revision.who == f"analyst {ada.pk}"  # readers never learn an account's name
    assert record_log.verify() == 1
    body = revision.record
    assert body["assessments"] == [
        {
            "rec": "trust",
            "direction": -1,
            "strength": 4,
            "ask": "import-barriers",
            "rationale": "",
        }
    ]
    assert body["sources"][0]["url"] == "https://news.example/0"
    assert body["recorded_at"] == Event.objects.get().recorded_at.isoformat()
    decision = Decision.objects.get(action="accept")
    assert (decision.status_before, decision.status_after, decision.by) == ("proposed", "accepted", ada)


def test_accepting_needs_a_code(proposal, ada):
    event = proposal(suggestion=None)
    assert event.status == "new"
    with pytest.raises(triage.Refused, match="choose at least one"):
        triage.accept(event, ada)
    assert whole(event)["row"]["status"] == "new"
    assert Revision.objects.count() == 0


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ({"rec": "trust", "direction": 5, "strength": 4}, "direction of trust"),
        ({"rec": "trust", "direction": 1, "strength": 9}, "strength of trust"),
        ({"rec": "love", "direction": 1, "strength": 1}, "rec: 'love'"),
        ({"rec": "trust", "direction": 1, "strength": 1, "ask": "gold"}, "ask of trust"),
        ({"rec": "trust", "direction": 1, "strength": 1, "rationale": "x" * 2001}, "2001 characters"),
        ("<script>", "each is a JSON object"),
        (
            {"rec": "trust", "direction": 1, "strength": 1, "rationale": "\x00"},
            "rationale of trust, character 1: U.0000",
        ),
    ],
)
def test_a_wrong_code_changes_nothing(proposal, ada, code, says):
    event = proposal()
    before = whole(event)
    with pytest.raises(triage.Refused, match=says):
        triage.accept(event, ada, assessments=[code])
    assert whole(event) == before
    assert Decision.objects.filter(action="accept").count() == 0


def test_a_stale_form_is_refused(proposal, ada, rita):
    event = proposal()
    triage.edit(event, rita, {"title": "Another title"})
    with pytest.raises(triage.Stale, match="changed by somebody else"):
        triage.accept(event, ada, version=1)
    assert Event.objects.get().status == "proposed"


def test_two_analysts_never_work_on_the_same_item(proposal, ada, rita):
    event = proposal()
    triage.claim(event, ada)
    with pytest.raises(triage.Claimed, match="ada works on"):
        triage.claim(event, rita)
    with pytest.raises(triage.Claimed, match="ada works on"):
        triage.accept(event, rita)
    triage.claim(event, ada, minutes=-1)  # it ends by itself
    triage.claim(event, rita)
    triage.accept(event, rita)
    assert Event.objects.get().status == "accepted"
    with pytest.raises(triage.Refused, match="decided already"):
        triage.claim(event, ada)


def test_the_table_and_the_database_hold_the_same_moves(proposal):
    legal = set(moves.pairs())
    event = proposal()
    statuses = Event.Status.values
    for before in statuses:
        for after in statuses:
            if before == after:
                continue
            allowed = True
            try:
                with transaction.atomic(), connection.cursor() as cursor:
                    _force(cursor, event, before)
                    try:
                        with transaction.atomic():
                            cursor.execute(
                                MOVE,
                                [after, *_companions(event, after), event.pk],
                            )
                    except IntegrityError:
                        allowed = False
                    raise _Back
            except _Back:
                pass
            assert allowed == ((before, after) in legal), (before, after)


MOVE = "UPDATE tracker_event SET status=%s, merged_into_id=%s, dismissal=%s WHERE id=%s"


class _Back(Exception):
    pass


def _companions(event, status):
    other = Event.objects.exclude(pk=event.pk).first() or Event.objects.create(id="target", date=DAY)
    return (other.pk if status == "merged" else None), ("other" if status == "dismissed" else "")


def _force(cursor, event, status):
    """Bring a row to a status by moves that are allowed."""
    path = {"disputed": ["accepted", "disputed"]}.get(status, [status])
    for step in path:
        cursor.execute(
            MOVE,
            [step, *_companions(event, step), event.pk],
        )


def test_viewers_decide_nothing(proposal, person):
    event, viewer = proposal(), person("vic", "viewer")
    for deed in (
        lambda: triage.accept(event, viewer),
        lambda: triage.dismiss(event, viewer),
        lambda: triage.claim(event, viewer),
        lambda: triage.edit(event, viewer, {"title": "x"}),
    ):
        with pytest.raises(triage.NotAllowed):
            deed()
    assert Event.objects.get().version == 1


def test_dismissing_needs_a_known_reason(proposal, ada):
    event = proposal()
    with pytest.raises(triage.Refused, match="is not a reason"):
        triage.dismiss(event, ada, "because")
    triage.dismiss(event, ada, "no_act", note="A preview.")
    assert (event.status, event.dismissal) == ("dismissed", "no_act")
    with pytest.raises(triage.Refused, match="cannot become"):
        triage.accept(event, ada)
    triage.reopen(event, ada)
    assert event.status == "proposed"
    assert event.dismissal == ""


def test_editing_the_record_needs_a_reason_and_appends(accepted, ada):
    event = accepted()
    with pytest.raises(triage.Refused, match="Say why"):
        triage.edit(event, ada, {"title": "Better"})
    revision = triage.edit(event, ada, {"title": "Better", "assessments": CODE}, "clearer")
    assert (revision.kind, revision.why, revision.record["title"]) == ("update", "clearer", "Better")
    with pytest.raises(triage.Refused, match="Nothing has changed"):
        triage.edit(event, ada, {"title": "Better"}, "again")
    with pytest.raises(triage.Refused, match="Cannot change status"):
        triage.edit(event, ada, {"status": "dismissed"}, "forged")
    assert record_log.verify() == 2


def test_snoozing_until_a_day_or_until_it_grows(proposal, ada, article):
    tomorrow = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)
    event, other = proposal(), proposal("Second")
    triage.snooze(event, ada, until=tomorrow)
    triage.snooze(other, ada, grows=2)
    with pytest.raises(triage.Refused, match="between tomorrow and a year"):
        triage.snooze(proposal("Third"), ada, until=datetime.date(1999, 1, 1))
    assert triage.wake() == 0
    triage.refresh(other, articles=[article("more")])
    assert Event.objects.get(pk=other.pk).status == "snoozed"
    triage.refresh(other, articles=[article("still more")])
    assert Event.objects.get(pk=other.pk).status == "proposed"
    Event.objects.filter(pk=event.pk).update(snoozed_until=tomorrow - datetime.timedelta(days=2))
    assert triage.wake() == 1
    assert Event.objects.get(pk=event.pk).status == "proposed"


def test_filing_never_touches_a_decided_event(accepted, article):
    event = accepted()
    before = whole(event)
    triage.refresh(event, articles=[article("Later report")], suggestion={"labels": []}, actors=["china"])
    after = whole(event)
    assert after["assessments"] == before["assessments"]
    assert after["row"]["actors"] == before["row"]["actors"]
    assert len(after["reports"]) == 2
    assert Revision.objects.count() == 1


def test_merging_on_record_redirects_for_ever(accepted, rita, ada):
    duplicate, target = accepted("Tariff announced", DAY), accepted("Tariff on chips", DAY)
    later = accepted("Tariff lifted", DAY + datetime.timedelta(days=9), supersedes=[duplicate.pk])
    with pytest.raises(triage.Refused, match="Only a reviewer"):
        triage.merge([duplicate], target, ada, "same act")
    with pytest.raises(triage.Refused, match="Say why"):
        triage.merge([duplicate], target, rita)
    triage.merge([duplicate], target, rita, "same act")
    duplicate.refresh_from_db()
    assert (duplicate.status, duplicate.merged_into_id) == ("merged", target.pk)
    last = Revision.objects.filter(event=duplicate).last()
    assert (last.kind, last.related, last.record["retracted"]) == ("merge", [target.pk], True)
    urls = [each["url"] for each in Revision.objects.filter(event=target).last().record["sources"]]
    assert len(urls) == 2
    assert Event.objects.get(pk=later.pk).supersedes == [target.pk]
    with pytest.raises(triage.Refused, match="cannot become"):
        triage.accept(duplicate, rita, assessments=CODE)
    assert record_log.verify() == Revision.objects.count()


def test_undoing_a_merge_restores_every_row(accepted, proposal, rita):
    duplicate, target = accepted("Tariff announced"), accepted("Tariff on chips")
    later = accepted("Tariff lifted", DAY + datetime.timedelta(days=9), supersedes=[duplicate.pk])
    events = [duplicate, target, later]
    before = [whole(event) for event in events]
    bodies = [Revision.objects.filter(event=event).last().record for event in events]
    triage.merge([duplicate], target, rita, "same act")
    triage.undo(triage.last_of(rita)[0], rita)
    assert [whole(event) for event in events] == before
    assert [Revision.objects.filter(event=event).last().record for event in events] == bodies
    assert record_log.verify() == Revision.objects.count()
    open_, kept = proposal("Report one"), proposal("Report two")
    before = [whole(open_), whole(kept)]
    triage.merge([open_], kept, rita)
    assert Report.objects.filter(event=kept).count() == 2
    triage.undo(triage.last_of(rita)[0], rita)
    assert [whole(open_), whole(kept)] == before


def test_undoing_an_acceptance_leaves_a_retraction_in_the_log(proposal, ada):
    event = proposal()
    before = whole(event)
    triage.accept(event, ada, assessments=CODE)
    triage.undo(triage.last_of(ada)[0], ada)
    assert whole(event) == before
    assert Assessment.objects.count() == 0
    assert [row.kind for row in Revision.objects.all()] == ["create", "retract"]
    assert Revision.objects.last().record["retracted"] is True
    triage.accept(event, ada, assessments=CODE)
    assert [row.kind for row in Revision.objects.all()] == ["create", "retract", "restore"]
    assert record_log.verify() == 3


@pytest.mark.parametrize(
    "deed",
    [
        lambda event, by: triage.dismiss(event, by, "no_act"),
        lambda event, by: triage.snooze(event, by, grows=3),
        lambda event, by: triage.ask_review(event, by),
        lambda event, by: triage.edit(
            event, by, {"title": "新的标题", "date": "2026-05-01", "actors": ["eu"]}
        ),
        lambda event, by: triage.split(event, [{"title": "Second act"}], by),
        lambda event, by: triage.split(event, [{"title": "Second act", "move": True}], by),
    ],
)
def test_undo_restores_the_same_bytes(proposal, ada, deed):
    event = proposal()
    before = whole(event)
    deed(event, ada)
    assert Decision.objects.filter(by=ada, event=event).count() == 1
    triage.undo(triage.last_of(ada)[0], ada)
    assert whole(event) == before
    with pytest.raises(triage.Refused, match="undone already"):
        triage.undo(Decision.objects.filter(by=ada).exclude(action="undo").first(), ada)


def test_undoing_on_record_says_again_what_was_said(accepted, rita):
    event = accepted()
    before, body = whole(event), Revision.objects.last().record
    triage.edit(
        event, rita, {"assessments": [CODE[0] | {"strength": 2}], "certainty": "confirmed"}, "recoded"
    )
    triage.undo(triage.last_of(rita)[0], rita)
    assert whole(event) == before
    assert Revision.objects.last().record == body
    triage.retract(event, rita, "not real")
    assert Event.objects.accepted().count() == 0
    triage.undo(triage.last_of(rita)[0], rita)
    assert whole(event) == before
    assert [row.kind for row in Revision.objects.all()] == [
        "create",
        "update",
        "update",
        "retract",
        "restore",
    ]


def test_undo_refuses_what_a_later_decision_rests_on(proposal, ada, rita):
    event = proposal()
    triage.accept(event, ada, assessments=CODE)
    first = triage.last_of(ada)[0]
    triage.edit(event, rita, {"title": "Changed"}, "why not")
    with pytest.raises(triage.Refused, match="decided again since"):
        triage.undo(first, ada)
    with pytest.raises(triage.NotAllowed, match="somebody else"):
        triage.undo(triage.last_of(rita)[0], ada)


def test_reports_that_came_after_survive_an_undo(proposal, ada, article):
    event = proposal()
    triage.dismiss(event, ada, "no_act")
    triage.refresh(event, articles=[article("Later")])
    triage.undo(triage.last_of(ada)[0], ada)
    event.refresh_from_db()
    assert event.status == "proposed"
    assert event.reports.count() == event.reports_count == 2


def test_superseding_picks_the_earlier_and_refuses_circles(accepted, rita):
    ban = accepted("Ban", DAY)
    lifting = accepted("Lifting", DAY + datetime.timedelta(days=5))
    with pytest.raises(triage.Refused, match="“Ban” of 2026"):
        triage.supersede(ban, [lifting], rita, "ends it")
    revision = triage.supersede(lifting, [ban], rita, "ends it")
    assert (revision.kind, revision.related) == ("supersede", [ban.pk])
    with pytest.raises(triage.Refused, match="circle"):
        triage.edit(ban, rita, {"supersedes": [lifting.pk], "date": "2026-06-01"}, "loop")
    with pytest.raises(triage.Refused, match="itself"):
        triage.supersede(ban, [ban], rita, "self")
    with pytest.raises(triage.Refused, match="There is no event 2020-01-01-nothing"):
        triage.supersede(lifting, ["2020-01-01-nothing"], rita, "unknown")
    rumour = accepted("Rumoured lifting", DAY + datetime.timedelta(days=6), certainty="rumoured")
    with pytest.raises(triage.Refused, match="rumour ends nothing"):
        triage.supersede(rumour, [ban], rita, "whispers")


def test_splitting_one_article_into_several_events(proposal, ada):
    event = proposal("Truce and a new ban")
    made = triage.split(event, [{"title": "New ban", "date": "2026-05-03"}, {"title": "停火协议"}], ada)
    assert [each.status for each in made] == ["new", "new"]
    assert made[0].id == "2026-05-03-new-ban"
    assert made[1].title_zh == "停火协议"
    assert Report.objects.count() == 3
    assert Article.objects.count() == 1
    with pytest.raises(triage.Refused, match="needs a title"):
        triage.split(event, [{"title": " "}], ada)


def test_disputes_are_settled_by_reviewers(accepted, ada, rita):
    event = accepted()
    triage.dispute(event, ada, "wrong date")
    assert event.status == "disputed"
    assert Event.objects.accepted().count() == 1
    with pytest.raises(triage.NotAllowed):
        triage.settle(event, ada, "no")
    triage.settle(event, rita, "date is right")
    assert event.status == "accepted"


def test_an_edited_article_asks_once_to_look_again(accepted, ada):
    event = accepted()
    source = event.articles.get()
    assert triage.revisit(event, source)
    assert not triage.revisit(event, source)
    assert Event.objects.get().look_again
    triage.looked(event, ada)
    assert Event.objects.get().look_again == ""
    assert Revision.objects.count() == 1


RECORD = {
    "id": "2026-01-05-talks",
    "date": "2026-01-05",
    "title": "Talks",
    "actors": ["us", "china"],
    "certainty": "confirmed",
    "assessments": [{"rec": "governance", "direction": 1, "strength": 3}],
}


def test_entering_a_record_is_repeatable(recommendations):
    first = triage.enter(RECORD, "seeds")
    assert first.kind == "create"
    assert first.record["recorded_at"] is None
    assert triage.enter(RECORD, "seeds") is None
    second = triage.enter(RECORD | {"title": "Talks held"}, "import")
    assert second.kind == "update"
    assert second.record["recorded_at"] == datetime.datetime.now(datetime.UTC).date().isoformat()
    assert triage.enter(RECORD, "seeds") is None, "a first import never overwrites what came later"
    assert Event.objects.get().title == "Talks held"
    assert record_log.verify() == 2


def test_a_late_record_never_changes_the_past(recommendations):
    today = datetime.datetime.now(datetime.UTC).date()
    triage.enter(RECORD | {"recorded_at": "2026-02-01"}, "mirror")
    for claimed in ("2026-01-15", "2099-01-01", None):
        other = triage.enter(RECORD | {"id": f"x-{claimed}".lower(), "recorded_at": claimed}, "mirror")
        assert other.record["recorded_at"] == today.isoformat()


def test_a_whole_log_may_come_again(recommendations):
    log = [
        RECORD,
        RECORD | {"title": "B", "recorded_at": "2026-02-01"},
        RECORD | {"recorded_at": "2026-02-01"},
    ]
    assert [bool(made) for _record, made in triage.enter_all(log, "mirror")] == [True, True, True]
    assert [bool(made) for _record, made in triage.enter_all(log, "mirror")] == [False, False, False]
    assert record_log.verify() == 3
    assert Event.objects.get().title == "Talks"


def test_an_import_does_not_revive_a_merged_event(accepted, rita):
    duplicate, target = accepted("One"), accepted("Two")
    triage.merge([duplicate], target, rita, "same")
    with pytest.raises(triage.Refused, match="was merged into"):
        triage.enter(RECORD | {"id": duplicate.pk}, "import")


def test_hostile_titles_are_kept_as_text_and_bounded(proposal, ada):
    event = proposal("<script>alert(1)</script>" + "a" * 900)
    assert len(event.title) == 500
    assert len(event.id) <= 100
    assert event.id.startswith("2026-05-04-scriptalert1script")
    with pytest.raises(triage.Refused, match="at most 1000"):
        triage.dismiss(event, ada, "other", note="n" * 1001)
    with pytest.raises(triage.Refused, match="at most 500"):
        triage.edit(event, ada, {"title": "t" * 501})
    assert whole(event)["row"]["status"] == "proposed"


def test_the_lots_are_fair_and_fixed(settings):
    settings.DOUBLE_CODING_SHARE, settings.HIDDEN_SUGGESTION_SHARE = 0.2, 0.05
    events = [Event(id=f"2026-01-01-e{number}") for number in range(4000)]
    twice = sum(double_coding.drawn_twice(event) for event in events)
    hidden = sum(coding.suggestion_hidden(event) for event in events)
    assert 700 < twice < 900
    assert 140 < hidden < 260
    assert [double_coding.drawn_twice(event) for event in events[:50]] == [
        double_coding.drawn_twice(event) for event in events[:50]
    ]


def test_joins_to_the_record_are_undone_one_by_one(accepted, proposal, ada):
    target = accepted("Tariff on record")
    bare = whole(target)
    reports = [proposal(f"Report {number}") for number in range(4)]
    before = [whole(report) for report in reports]
    for report in reports:
        triage.merge([report], target, ada)
    assert Event.objects.get(pk=target.pk).reports_count == 5
    for _number in reports:
        triage.undo(triage.last_of(ada)[0], ada)
    assert [whole(report) for report in reports] == before
    assert whole(target) == bare
    assert record_log.verify() == 9


def test_a_refusal_names_the_cause_that_it_has(accepted, proposal, ada, rita):
    """One deed can be refused for several causes; each is told by its own words, not by the commonest one's."""
    one, other, gone, into = (accepted(name, DAY) for name in ("Act one", "Act two", "Gone", "Into"))
    first, second = sorted((one, other), key=lambda event: event.pk)
    triage.retract(gone, rita, "An error.")
    merged = proposal("Double")
    triage.merge([merged], into, ada, "The same act.")
    open_ = proposal("Open")
    refused = {
        "sorts before": lambda: triage.supersede(first, [second], rita, "ends it"),
        "“Gone” is retracted": lambda: triage.supersede(one, [gone], rita, "ends it"),
        "“Open” is not on record; it is": lambda: triage.supersede(one, [open_], rita, "ends it"),
        "There is no event nowhere": lambda: triage.supersede(one, ["nowhere"], rita, "ends it"),
        "was merged into": lambda: triage.retract(merged, rita, "An error."),
        "“Gone” is retracted.": lambda: triage.retract(gone, rita, "Once more."),
        "do it there, or undo the merger": lambda: triage.split(merged, [{"title": "Part"}], ada),
        "by rita at 20": lambda: triage.undo(triage.last_of(ada)[0], ada),
        "was the machine's": lambda: triage.undo(
            Decision.objects.filter(event=open_, action="propose").get(), rita
        ),
        "One of these events has changed": lambda: triage.bulk([open_], "1-0000", triage.dismiss, rita),
    }
    triage.edit(into, rita, {"title": "Into another"}, "Reworded.")
    for said, deed in refused.items():
        with pytest.raises(triage.Refused) as error:
            deed()
        assert said in str(error.value), said
    assert triage.supersede(second, [first], rita, "ends it").kind == "supersede"


@pytest.mark.parametrize("precision", ["month", "quarter", "year"])
def test_a_link_that_the_method_would_leave_out_is_refused_before_it_stands(accepted, rita, precision):
    """An act of "May" counts from the end of May: it may end one of the middle of May, and not the other way round."""
    vague = accepted("Ban, some time in May", DAY, date_precision=precision)
    exact = accepted("Lifting", DAY + datetime.timedelta(days=5))
    with pytest.raises(triage.Refused, match="figures would leave this link out"):
        triage.supersede(exact, [vague], rita, "ends it")
    assert _ignored({exact.pk: [vague.pk]})
    triage.supersede(vague, [exact], rita, "ends it")
    assert not _ignored({})


def _ignored(links):
    """What the method leaves out of the record as it is, with these links in it."""
    lines = [revision.record for revision in Revision.objects.order_by("sequence")]
    lines = [line | {"supersedes": links.get(line["id"], line["supersedes"])} for line in lines]
    return weighing.ledger(columns.read(lines), None, method_of(None).parameters).ignored
