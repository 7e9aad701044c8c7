"""What a page of the admin hides is not told by its list either, which narrows itself by whatever the address names."""

import pytest
from django.contrib import admin
from django.urls import reverse
from django_otp.plugins.otp_totp.models import TOTPDevice

from scorecard import keys
from scorecard.alerts import subscribing
from scorecard.models import ApiKey, KeyHolder, Mail, Subscription, Webhook

pytestmark = pytest.mark.django_db
SECRET = ("key", "secret", "token", "password", "digest", "body", "suggestion")
# Public, or the name of a thing.
SHOWN = {
    *("tracker.cue.key", "tracker.cue.body", "tracker.codebookversion.digest", "scorecard.edition.digest"),
    *("tracker.secondopinion.digest", "tracker.decision.suggestion_shown", "tracker.coding.suggestion_shown"),
    *("tracker.revision.body", "tracker.revision.digest", "tracker.coding.body", "scorecard.webhook.key"),
    *("scorecard.delivery.body", "tracker.codebookversion.body", "scorecard.edition.key"),
    *("scorecard.witness.key", "scorecard.countersignature.digest"),
    "tracker.article.url_key",  # a digest of the address beside it
}


@pytest.fixture
def inside(admin_client, settings):
    settings.SECOND_FACTOR = False
    return admin_client


def columns():
    """Every column of a table in the admin whose name says that it may be a secret."""
    for model in admin.site._registry:
        for field in model._meta.concrete_fields:
            if any(word in field.name.split("_") for word in SECRET):
                yield model, field.name


def narrowed(client, model, column, value):
    place = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return client.get(place, {f"{column}__startswith": value})


def test_no_list_is_narrowed_by_a_column_that_is_hidden(inside):
    told = []
    for model, column in columns():
        name = f"{model._meta.label_lower}.{column}"
        if narrowed(inside, model, column, "a").status_code == 200 and name not in SHOWN:
            told.append(name)
    assert told == []


def test_neither_a_second_factor_nor_a_webhooks_secret_is_guessed_letter_by_letter(inside, analyst):
    key, _text = keys.issue("program", analyst, [ApiKey.Scope.WEBHOOKS])
    hook = Webhook.objects.create(key=key, url="https://a.example/", secret="whsec_abc")
    phone = TOTPDevice.objects.create(user=analyst, name="phone")
    for row, column in ((hook, "secret"), (phone, "key")):
        value = getattr(row, column)
        assert narrowed(inside, type(row), column, value[:9]).status_code == 400
    assert (
        inside.get(reverse("admin:scorecard_webhook_changelist"), {"key__id__exact": key.pk}).status_code
        == 200
    )


def test_the_links_of_a_mail_are_not_shown_to_whoever_looks_after_mails(inside):
    subscribing.ask(subscribing.checked("reader@example.org", "weekly", "en", {}))
    keys.ask("other@example.org", "en")
    tokens = [subscribing.token(Subscription.objects.get(), deed) for deed in ("confirm", "off")]
    tokens += [keys._address(KeyHolder.objects.get(), "confirm").split("/")[-2]]
    assert Mail.objects.count() == 2
    for mail in Mail.objects.all():
        page = inside.get(reverse("admin:scorecard_mail_change", args=[mail.pk])).content.decode()
        assert "/confirm/…/" in page
        assert not [token for token in tokens if token.rpartition(":")[2] in page]
