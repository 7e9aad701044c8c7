"""The admin of the way out: keys, subscriptions and mails, webhooks, editions, and the queue of disputes.

Lists are queues, actions are one line. A key's text is shown once, when it is made.
"""

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import URLField
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from scorecard import disputes, keys
from scorecard.alerts import mailing, subscribing, webhooks
from scorecard.models import (
    ApiKey,
    Countersignature,
    Delivery,
    Dispute,
    Edition,
    KeyHolder,
    Mail,
    Subscription,
    Webhook,
    Witness,
)
from tracker import log, triage
from tracker.admin.lists import ShownOnly
from tracker.operations import logs


class LookedAt(ShownOnly):
    """Rows that only code writes."""

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


class Forgetting:
    """What a person may ask for, at every row that holds an address: to be forgotten in all of them."""

    @admin.action(
        description=_("Forget these people everywhere, and never ask them again"), permissions=["view"]
    )
    def forget(self, request, queryset):
        people = {address for row in queryset if (address := self.address(row))}
        for address in people:
            subscribing.forget_person(address, never=True)
        self.message_user(
            request,
            ngettext("%(count)d person forgotten", "%(count)d people forgotten", len(people))
            % {"count": len(people)},
        )

    def address(self, row):
        return row.email


class KeyForm(forms.ModelForm):
    scopes = forms.MultipleChoiceField(
        label=_("scopes"), choices=ApiKey.Scope.choices, required=False, widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = ApiKey
        fields = ("name", "account", "scopes", "expires_at")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "expires_at" in self.fields:  # two fields under one label: each says what it holds
            day, clock = self.fields["expires_at"].widget.widgets
            day.attrs["aria-label"], clock.attrs["aria-label"] = _("expires on"), _("expires at")


@admin.register(ApiKey)
class ApiKeyAdmin(ShownOnly):
    form = KeyForm
    list_display = (
        "name",
        "prefix",
        "account",
        "scopes",
        "created_at",
        "expires_at",
        "last_used_at",
        "usable",
    )
    list_select_related = ("account",)
    raw_id_fields = ("account",)
    search_fields = ("name", "prefix", "account__username")
    actions = ("revoke",)

    def save_model(self, request, obj, form, change):
        if change:
            super().save_model(request, obj, form, change)
            return
        made, text = keys.issue(obj.name, obj.account, form.cleaned_data["scopes"], obj.expires_at)
        obj.pk, obj.prefix, obj.digest = made.pk, made.prefix, made.digest
        obj.refresh_from_db()
        words = _("The key, shown this once: %(key)s") % {"key": text}
        self.message_user(request, words, messages.WARNING)

    def has_delete_permission(self, request, obj=None):
        return False

    @admin.display(boolean=True, description=_("usable"))
    def usable(self, obj):
        return obj.usable

    @admin.action(description=_("End these keys at once"))
    def revoke(self, request, queryset):
        ended = queryset.filter(revoked_at=None).update(revoked_at=timezone.now())
        self.message_user(
            request, ngettext("%(count)d key ended", "%(count)d keys ended", ended) % {"count": ended}
        )


@admin.register(Edition)
class EditionAdmin(LookedAt):
    list_display = ("day", "sequence", "size", "digest", "doi", "made_at")

    def has_change_permission(self, request, obj=None):
        """The DOI alone is entered by hand, once the edition has been deposited."""
        return super(LookedAt, self).has_change_permission(request, obj)

    def get_readonly_fields(self, request, obj=None):
        return [field.name for field in Edition._meta.fields if field.name != "doi"]

    def save_model(self, request, edition, form, change):
        Edition.objects.filter(pk=edition.pk).update(doi=edition.doi)
        log.turn()


@admin.register(Witness)
class WitnessAdmin(ShownOnly):
    """Whose countersignatures count. A key is never changed: whoever has a new one is a new row."""

    list_display = ("name", "key", "address", "added_at", "ended_at")
    fields = ("name", "key", "address", "ended_at")
    formfield_overrides = {URLField: {"assume_scheme": "https"}}

    def get_readonly_fields(self, request, obj=None):
        return ("key",) if obj else ()

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        log.turn()

    def has_delete_permission(self, request, obj=None):
        return False


@admin.register(Countersignature)
class CountersignatureAdmin(LookedAt):
    list_display = ("witness", "sequence", "digest", "seen", "received_at")
    list_filter = ("witness",)
    list_select_related = ("witness",)


@admin.register(Subscription)
class SubscriptionAdmin(Forgetting, LookedAt):
    list_display = ("email", "rhythm", "language", "confirmed_at", "ended_at", "told")
    list_filter = ("rhythm", "language")
    search_fields = ("email",)
    actions = ("end", "forget")

    @admin.action(description=_("End these subscriptions and delete the addresses"), permissions=["view"])
    def end(self, request, queryset):
        for row in queryset:
            subscribing.end(row)


@admin.register(KeyHolder)
class KeyHolderAdmin(Forgetting, LookedAt):
    list_display = ("email", "language", "asked_at", "confirmed_at")
    search_fields = ("email",)
    actions = ("forget",)


@admin.register(Mail)
class MailAdmin(Forgetting, LookedAt):
    list_display = ("to", "period", "state", "attempts", "written_at", "sent_at", "trouble")
    list_filter = ("state",)
    list_select_related = ("subscription",)
    fields = (
        *("subscription", "email", "period", "first", "last", "subject", "words"),
        *("state", "attempts", "next_at", "trouble", "written_at", "sent_at"),
    )
    readonly_fields = ("words",)
    actions = ("again", "forget")

    def address(self, mail):
        return mail.to

    @admin.display(description=_("text"))
    def words(self, mail):
        """Without what its links open: to confirm, to end and to be given a key is the reader's alone."""
        return logs.SIGNED.sub("…", mail.body)

    @admin.action(description=_("Send these once more (they may arrive twice)"), permissions=["view"])
    def again(self, request, queryset):
        count = mailing.send_again(list(queryset))
        self.message_user(request, ngettext("%(count)d mail", "%(count)d mails", count) % {"count": count})


@admin.register(Webhook)
class WebhookAdmin(LookedAt):
    list_display = ("url", "key", "sequence", "failing_since", "disabled_at", "reason")
    list_select_related = ("key",)
    exclude = ("secret", "old_secret")
    actions = ("enable",)

    @admin.action(description=_("Switch these on again"), permissions=["view"])
    def enable(self, request, queryset):
        for row in queryset:
            webhooks.enable(row)


@admin.register(Delivery)
class DeliveryAdmin(LookedAt):
    list_display = ("message", "webhook", "sequence", "attempts", "next_at", "delivered_at", "given_up_at")
    list_select_related = ("webhook",)
    exclude = ("token",)
    actions = ("again", "forget")

    def address(self, mail):
        return mail.to

    @admin.action(description=_("Send these once more"), permissions=["view"])
    def again(self, request, queryset):
        webhooks.send_again(list(queryset))


class DisputeForm(forms.ModelForm):
    verdict = forms.ChoiceField(
        label=_("verdict"),
        required=False,
        choices=(
            ("", _("none yet")),
            ("accepted", _("accepted: the record was changed")),
            ("rejected", _("not accepted")),
        ),
        help_text=_("Change the event first; an accepted dispute points at that change."),
    )

    class Meta:
        model = Dispute
        fields = ("answer",)

    def clean(self):
        found = super().clean()
        if found.get("verdict") and not found.get("answer", "").strip():
            raise ValidationError(_("Write an answer; the reader and everybody else will see it."))
        return found


@admin.register(Dispute)
class DisputeAdmin(Forgetting, ShownOnly):
    """The queue of disputes, oldest open one first."""

    form = DisputeForm
    list_display = ("reference", "event", "recommendation", "state", "received_at", "due", "answered_by")
    list_filter = ("state", "recommendation")
    list_select_related = ("event", "answered_by")
    search_fields = ("reference", "event__pk", "claim")
    ordering = ("-state", "id")
    readonly_fields = (
        *(
            "reference",
            "event",
            "recommendation",
            "claim",
            "source",
            "direction",
            "strength",
            "name",
            "email",
        ),
        *("sequence", "state", "changed_by", "received_at", "answered_at", "answered_by"),
    )
    fields = (*readonly_fields, "answer", "verdict")
    actions = ("take_up", "spam", "forget")

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    @admin.display(description=_("answer due"))
    def due(self, obj):
        return disputes.due(obj)

    def save_model(self, request, obj, form, change):
        verdict = form.cleaned_data.get("verdict")
        if not verdict:
            return
        try:
            disputes.answer(
                obj, request.user, accepted=verdict == "accepted", words=form.cleaned_data["answer"]
            )
        except triage.Refused as refusal:
            self.message_user(request, str(refusal), messages.ERROR)

    @admin.action(description=_("Look into these"), permissions=["change"])
    def take_up(self, request, queryset):
        for row in queryset:
            try:
                disputes.take_up(row, request.user)
            except triage.Refused as refusal:
                self.message_user(request, f"{row.reference}: {refusal}", messages.ERROR)

    @admin.action(description=_("Mark as spam"), permissions=["change"])
    def spam(self, request, queryset):
        for row in queryset:
            disputes.mark_as_spam(row)
