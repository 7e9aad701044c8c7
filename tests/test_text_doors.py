"""Every door takes texts the same way: strictly from people and programs, leniently from feeds."""

import datetime
import uuid

import pytest
from django.core.exceptions import ValidationError
from django.utils.translation import override

from feeds import entries, opml
from feeds.admin_views import FeedForm
from feeds.models import Feed
from feeds.parsing import Entry
from scorecard import disputes
from scorecard.models import Dispute
from tests.scorecard import cast
from tests.scorecard.conftest import recommendations as recommendations
from tests.scorecard.test_disputes import CLAIM
from tracker import triage
from tracker.admin.tagger import CueForm
from tracker.desk.forms import BadForm, decide
from tracker.models import Ask, AskSetting, Completeness, Event, Revision

pytestmark = pytest.mark.django_db
PASTED = " one\u2028two\u202e\u200b e\u0301\r\n"
LINES, LINE = "one\ntwo é", "one two é"
BELL = "be\a ll"
SAYS = "character 3: U+0007 is a control character; delete it."


@pytest.fixture
def reviewer(django_user_model, recommendations):
    return cast.account(django_user_model, "eve", "reviewer")


def refused(deed, *kinds):
    with pytest.raises(kinds) as error:
        deed(BELL)
    message = error.value.messages[0] if isinstance(error.value, ValidationError) else str(error.value)
    assert message.endswith(SAYS), message
    return message


def test_reasons_of_decisions(reviewer):
    cast.put("act")

    def retract(why):
        return triage.retract("act", reviewer, why)

    assert refused(retract, triage.Refused) == f"why, {SAYS}"
    assert retract(PASTED).why == LINES
    with pytest.raises(triage.Refused, match="Say why"):
        triage.restore("act", reviewer, "\u200b \u2028")


def test_forms_of_the_desk(reviewer):
    cast.put("act")

    def edit(words):
        form = {"action": "edit", "event": "act", "token": str(uuid.uuid4()), "why": words}
        return decide(form | {"changes": {"title": words, "summary": words}}, reviewer)

    refused(edit, BadForm)
    edit(PASTED)
    row = Event.objects.get(pk="act")
    assert (row.title, row.summary) == (LINE, LINES)
    with override("zh-hans"), pytest.raises(BadForm, match=r"第3个字符：U.0007是控制字符，请删除。"):
        edit(BELL)
    with override("zh-hans"), pytest.raises(triage.Refused, match=r"第3个字符：U.0007是控制字符"):
        triage.edit("act", reviewer, {"title": BELL}, "why")


def test_the_api(client, reviewer):
    program = cast.key_of(reviewer, "propose", "decide", "import")
    source = {"title": PASTED, "url": "https://a.example/\u2028b"}
    sent = {"title": PASTED, "summary": PASTED, "date": "2026-05-01", "sources": [source]}
    problem = cast.post(client, "/proposals/", sent | {"title": BELL}, 400, **program)
    assert SAYS in str(problem)
    made = cast.post(client, "/proposals/", sent, 201, **program)
    assert (made["title"], made["summary"]) == (LINE, LINES)
    assert (made["sources"][0]["title"], made["sources"][0]["url"]) == (LINE, "https://a.example/b")
    records = {"records": [cast.event("act", title=PASTED, summary=PASTED)], "why": PASTED}
    cast.post(client, "/imports/", records, **program)
    assert cast.post(client, "/imports/", records, **program) == {"added": 0, "changed": 0, "known": 1}
    last = Revision.objects.get()
    assert (last.why, last.record["title"], last.record["summary"]) == (LINES, LINE, LINES)
    records["records"][0]["sources"][0]["publisher"] = BELL
    assert f"sources: publisher, {SAYS}" in str(cast.post(client, "/imports/", records, 422, **program))


def test_disputes_and_their_answers(reviewer):
    cast.put("act")

    def claim(words):
        return disputes.file(disputes.Claim("act", f"{words}{CLAIM}", "https://a.example/", name=words))

    refused(claim, disputes.BadDispute)
    row = claim(f"{PASTED}.")
    assert (row.claim, row.name) == (f"{LINES}\n.{CLAIM}", f"{LINE} .")

    def answer(words):
        disputes.answer(row, reviewer, accepted=False, words=words)

    refused(answer, triage.Refused)
    with pytest.raises(triage.Refused, match="4001 characters, at most 4000"):
        answer("x" * 4001)
    answer(PASTED)
    assert Dispute.objects.get().answer == LINES


def test_asks_set_by_hand_and_statements(reviewer):
    today = datetime.date(2026, 3, 2)

    def setting(words):
        row = AskSetting(
            ask=Ask.objects.first(),
            rung=1,
            reason=words,
            start=today,
            recorded_at=today,
            name="E",
            by=reviewer,
        )
        row.full_clean()
        return row.reason

    def statement(words):
        row = Completeness(day=today, recorded_at=today, note=words, by=reviewer)
        row.full_clean()
        return row.note

    for deed, kept in ((setting, LINES), (statement, LINE)):
        refused(deed, ValidationError)
        assert deed(PASTED) == kept


def test_cues_and_feeds_in_the_admin():
    cue = {
        "kind": "object",
        "key": "thing",
        "effect": "neutral",
        "en": "one\u2028two\r\nthree",
        "zh": "飞\u200b艇",
    }
    form = CueForm(cue)
    assert form.is_valid(), form.errors
    assert form.instance.body == {"effect": "neutral", "en": ["one", "two", "three"], "zh": ["飞艇"]}
    assert SAYS in str(CueForm(cue | {"en": BELL}).errors)
    feed = {"url": "https://a.example/feed", "title": PASTED, "language": "en"}
    form = FeedForm(feed)
    assert form.is_valid(), form.errors
    assert form.cleaned_data["title"] == LINE
    assert SAYS in str(FeedForm(feed | {"title": BELL}).errors)


def test_titles_of_opml():
    outline = '<outline text="{}" xmlUrl="https://a.example/{}"/>'
    body = (
        outline.format("one&#x2028;two&#x200b;", 1)
        + outline.format("be&#x81;ll", 2)
        + outline.format("x" * 501, 3)
    )
    lines, wrong = opml.checked(opml.read(f'<opml version="2.0"><body>{body}</body></opml>'.encode()))
    assert [line.title for line in lines] == ["one two"]
    assert wrong == [
        "line 1: title, character 3: U+0081 is a control character; delete it.",
        "line 1: title: 501 characters, at most 500 are allowed; shorten it.",
    ]


def test_old_titles_break_no_list_of_feeds():
    Feed.objects.create(url="https://a.example/feed", title=f"{BELL}\ufffe", folder=f"{BELL}/b")
    (line,) = opml.read(opml.write(Feed.objects.all()).encode())
    assert (line.title, line.folder) == ("be ll", "be ll/b")


def test_what_feeds_deliver_is_mended_and_never_refused(recommendations):
    entry = Entry(
        identity="a", link="https://a.example/a", title=f"{PASTED}{BELL}\ufffe", html="<p>x\ufffey</p>",
        published=None, author=BELL, source=PASTED,
    )  # fmt: skip
    now = datetime.datetime(2026, 3, 2, tzinfo=datetime.UTC)
    draft = entries.draft(entry, publisher="", language="en", now=now)
    assert (draft.title, draft.author, draft.publisher) == (f"{LINE} be ll", "be ll", LINE)
    assert "\ufffe" not in draft.summary
    event = triage.propose(title=f"{PASTED}{BELL}", date=now.date(), summary=f"{PASTED}{BELL}")
    assert (event.title, event.summary) == (f"{LINE} be ll", f"{LINES}\nbe ll")
