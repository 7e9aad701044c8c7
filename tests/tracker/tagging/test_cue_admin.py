"""Cues and versions in the admin: words one a line, rules checked before they are kept."""

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice

from tracker import tagger_versions, wording
from tracker.admin import tagger
from tracker.codebook import current
from tracker.models import Article, Cue, TaggerVersion

pytestmark = pytest.mark.django_db

WORDS = {
    "kind": "object",
    "key": "zeppelin",
    "active": "on",
    "effect": "neutral",
    "en": "zeppelin~\nairship~",
    "zh": "飞艇",
}
RULE = {
    "kind": "rule", "key": "zeppelins", "active": "on", "when": "chips & !list", "rec": "trust",
    "direction": "sign", "weight": "0.4", "strength": "4", "example": "e", "counter": "c",
}  # fmt: skip


@pytest.fixture
def desk(client, analyst, settings):
    settings.SECOND_FACTOR = False
    client.force_login(analyst)
    TOTPDevice.objects.create(user=analyst, confirmed=True)
    return client


def add(desk, form):
    return desk.post(reverse("admin:tracker_cue_add"), form)


def test_words_are_kept_one_a_line(desk):
    assert add(desk, WORDS).status_code == 302
    assert Cue.objects.get().body == {"effect": "neutral", "en": ["zeppelin~", "airship~"], "zh": ["飞艇"]}


def test_a_rule_is_kept_when_it_can_be_used(desk):
    tagger_versions.seed_cues()
    assert add(desk, RULE).status_code == 302
    assert Cue.objects.get(key="zeppelins").body["when"] == "chips & !list"
    assert tagger_versions.cues().rules


@pytest.mark.parametrize(
    ("form", "says"),
    [
        (WORDS | {"en": "", "zh": " "}, "needs at least one word"),
        (WORDS | {"effect": "nice"}, "effect"),
        (RULE | {"when": "zeppelin"}, "no cue is called"),
        (RULE | {"weight": "7"}, "0.99"),
        (RULE | {"rec": ""}, "rec"),
    ],
)
def test_what_cannot_be_used_is_refused_in_words(desk, form, says):
    tagger_versions.seed_cues()
    answer = add(desk, form)
    assert answer.status_code == 200
    assert says in answer.content.decode()


def test_the_form_shows_what_the_cue_says(desk):
    tagger_versions.seed_cues()
    cue = Cue.objects.get(kind="object", key="chips")
    page = desk.get(reverse("admin:tracker_cue_change", args=[cue.pk])).content.decode()
    assert "semiconductor~" in page
    assert "芯片" in page


def test_a_version_that_cannot_be_read_is_not_let_serve(desk):
    version = TaggerVersion.objects.create(name="spoilt", body=b"?", measures={"why": "because"})
    page = reverse("admin:tracker_taggerversion_changelist")
    answer = desk.post(page, {"action": "let_serve", "_selected_action": [version.pk]}, follow=True)
    assert "retrain" in answer.content.decode()
    version.refresh_from_db()
    assert version.serving_since is None


def test_a_version_is_trained_and_gone_back_from_by_a_button(desk, monkeypatch):
    sent = []
    monkeypatch.setattr(tagger.current_app, "send_task", lambda name, *_, **more: sent.append(name))
    page = reverse("admin:tracker_taggerversion_changelist")
    assert "Train anew" in desk.get(page).content.decode()
    assert "Training has begun" in desk.post(reverse("admin:tagger_retrain"), follow=True).content.decode()
    assert sent == ["tracker.tasks.retrain"]
    assert desk.get(reverse("admin:tagger_retrain")).status_code == 405
    version = TaggerVersion.objects.create(
        name="second", body=b"?", measures={"kinds": {"decision": 3, "act": 9}}, serving_since=timezone.now()
    )
    shown = desk.get(page).content.decode()
    assert "3 decided reports of 12 texts" in shown
    assert "second serves." in shown
    desk.post(reverse("admin:tagger_back"))
    version.refresh_from_db()
    assert version.serving_since is None


def test_who_may_not_change_versions_sees_no_buttons_and_trains_nothing(client, django_user_model, settings):
    settings.SECOND_FACTOR = False
    viewer = django_user_model.objects.create_user("vera", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_taggerversion"))
    client.force_login(viewer)
    assert "Train anew" not in client.get(reverse("admin:tracker_taggerversion_changelist")).content.decode()
    assert client.post(reverse("admin:tagger_retrain")).status_code == 403


def test_a_cue_shows_first_what_it_would_change_and_keeps_nothing(desk):
    tagger_versions.seed_cues()
    Article.objects.create(title="US bans export of AI chips to China", url_key="z", language="en")
    Article.objects.create(title="Weather is fine", url_key="y", language="en")
    here, chips = reverse("admin:tracker_cue_try"), Cue.objects.get(key="chips")
    assert desk.post(here, RULE | {"when": "chips", "weight": "0.9"}).context["read"] == 2
    assert not Cue.objects.filter(key="zeppelins").exists()
    less = WORDS | {"kind": chips.kind, "key": "chips", "effect": chips.body["effect"], "en": "xyz", "zh": ""}
    changed = desk.post(f"{here}?cue={chips.pk}", less)
    assert [each["article"].url_key for each in changed.context["changes"]] == ["z"]
    wrong = desk.post(here, RULE | {"when": "zeppelin"})
    assert any("no cue is called" in each for each in wrong.context["troubles"])


def test_a_cue_that_a_rule_names_is_not_switched_off(desk):
    tagger_versions.seed_cues()
    chips = Cue.objects.get(key="chips")
    gone = {"kind": chips.kind, "key": "chips", "effect": chips.body["effect"], "en": "chip", "zh": ""}
    refused = desk.post(reverse("admin:tracker_cue_change", args=[chips.pk]), gone)
    assert "no cue is called" in refused.content.decode()
    assert Cue.objects.get(key="chips").active


def test_what_the_tagger_has_learnt_is_listed(desk, analyst):
    analyst.user_permissions.add(Permission.objects.get(codename="view_taggerversion"))
    learnt = desk.get(reverse("admin:tracker_taggerversion_changelist")).context["learnt"]
    assert {str(kind): number for kind, number in learnt["kinds"]}["acts of the record"] > 100
    assert [name for name, _words in learnt["recommendations"]] == [
        wording.short(one.slug) for one in current()
    ]
    assert all(learnt[each] for each in ("speaks_for", "speaks_against", "publishers"))
