"""Shapes of the write side: proposals, decisions, imports, disputes, subscriptions, webhooks."""

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from scorecard.api.serializers.record import Page, SourceShape
from scorecard.models import Dispute, Subscription
from tracker import record, text
from tracker.codebook import current
from tracker.models import Event

_ONE = current().offered()[0]
_ASK = current().offered_asks(_ONE.slug)[0]
_ACTOR = current().offered_actors()[0]
DAY = {"help_text": "A day as YYYY-MM-DD, between 1900 and 2100."}


def _example(body):
    """Show one whole body in the description."""
    return extend_schema_serializer(examples=[OpenApiExample("one", value=body, request_only=True)])


def _taken(door, *words, **how):
    try:
        return door(*words, **how)
    except text.BadText as error:
        raise serializers.ValidationError(str(error)) from None


# What `tracker.text` refuses, for the description: control characters and what is no character. Of those beyond the
# first plane nothing is said: generators read a pattern without JavaScript's `u`, where they would be two letters each.
_REFUSED = r"\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufdd0-\ufdef\ufffe\uffff"
_UNSEEN = r"\s\x85\xad\u200b\ufeff\u202a-\u202e\u2066-\u2069"  # taken, but nothing of it is kept


class CleanText(serializers.CharField):
    """Text as `tracker.text` takes it; `lines` where it may have more than one."""

    def __init__(self, *, lines=False, **more):
        self.lines = lines
        super().__init__(**more)

    @property
    def pattern(self):
        """What the description says of its letters."""
        if self.allow_blank or self.min_length:
            return f"^[^{_REFUSED}]*$"
        return f"^[^{_REFUSED}]*[^{_REFUSED}{_UNSEEN}][^{_REFUSED}]*$"

    def to_internal_value(self, data):
        if not isinstance(data, str):
            raise serializers.ValidationError(f"text, not {type(data).__name__}")
        data = _taken(text.strict, data, self.field_name, self.max_length, lines=self.lines)
        return super().to_internal_value(data)


class Strict(serializers.Serializer):
    """Refuses fields it does not know, so that a typing error cannot lose one silently."""

    def to_internal_value(self, data):
        if isinstance(data, dict) and (unknown := sorted(set(data) - set(self.fields))):
            allowed = ", ".join(self.fields)
            raise serializers.ValidationError(
                {str(name)[:60]: [f"unknown field; allowed are {allowed}"] for name in unknown}
            )
        return super().to_internal_value(data)


class Address(serializers.RegexField):
    """An address of the web."""

    def __init__(self, **more):
        pattern = r"^https?://[^\x00-\x20\x7f-\xa0/?#]+[^\x00-\x20\x7f-\xa0]*$"
        invalid = "an address that begins with http:// or https:// and holds no space"
        super().__init__(pattern, max_length=2000, error_messages={"invalid": invalid}, **more)

    def to_internal_value(self, data):
        data = _taken(text.address, data, self.field_name, 2000) if isinstance(data, str) else data
        return super().to_internal_value(data)


class Identifier(serializers.RegexField):
    """The id of an event."""

    def __init__(self, **more):
        invalid = "small letters, digits and hyphens, 1 to 100 of them"
        super().__init__(f"^{record.ID.pattern}$", error_messages={"invalid": invalid}, **more)


class SourceInput(Strict):
    title = CleanText(max_length=1000)
    url = Address()
    publisher = CleanText(max_length=300, required=False, allow_blank=True)
    date = serializers.DateField(required=False, **DAY)
    lang = CleanText(max_length=20, required=False, allow_blank=True)
    kind = serializers.ChoiceField(choices=record.SOURCE_KINDS, required=False)


class AssessmentInput(Strict):
    rec = serializers.ChoiceField(choices=current().slugs)
    direction = serializers.ChoiceField(choices=record.DIRECTIONS)
    strength = serializers.IntegerField(min_value=1, max_value=5)
    ask = CleanText(max_length=50, required=False)
    rationale = CleanText(lines=True, max_length=2000, required=False, allow_blank=True)
    rationale_zh = CleanText(lines=True, max_length=2000, required=False, allow_blank=True)


PROPOSAL = {
    "title": "A new law enters into force",
    "date": "2026-05-01",
    "language": "en",
    "actors": [_ACTOR.slug],
    "assessments": [{"rec": _ONE.slug, "direction": 1, "strength": 4, "ask": _ASK.slug}],
    "sources": [{"title": "In force today", "url": "https://gazette.example/1", "lang": "en"}],
}


@_example(PROPOSAL)
class Proposal(Strict):
    """An event for the queue of the analysts. It counts nowhere before one of them accepts it."""

    title = CleanText(max_length=500)
    date = serializers.DateField(**DAY)
    language = CleanText(max_length=20, required=False, help_text="Language of title and summary: en, zh …")
    summary = CleanText(lines=True, max_length=10_000, required=False, allow_blank=True)
    actors = serializers.ListField(
        child=serializers.ChoiceField(choices=current().actor_slugs), required=False
    )
    certainty = serializers.ChoiceField(choices=record.CERTAINTIES, required=False)
    assessments = AssessmentInput(many=True, required=False)
    sources = serializers.ListField(child=SourceInput(), min_length=1, max_length=20)


class ProposalShape(serializers.Serializer):
    id = serializers.CharField()
    status = serializers.ChoiceField(choices=Event.Status.values)
    version = serializers.IntegerField(help_text="Send it back with a decision.")
    date = serializers.DateField()
    title = serializers.CharField()
    title_zh = serializers.CharField()
    summary = serializers.CharField()
    summary_zh = serializers.CharField()
    actors = serializers.ListField(child=serializers.CharField())
    certainty = serializers.ChoiceField(choices=record.CERTAINTIES)
    priority = serializers.FloatField()
    reports = serializers.IntegerField()
    suggestion = serializers.DictField(
        allow_null=True,
        help_text="The machine's, with its reasons; null also where people code without it, to compare.",
    )
    sources = SourceShape(many=True)


class Proposals(Page):
    results = ProposalShape(many=True)


@_example({"deed": "dismiss", "version": 1, "reason": "no_act", "why": "A preview, no act."})
class Decision(Strict):
    """What to do with an event. Which fields a deed takes is said in the description of the operation."""

    deed = serializers.ChoiceField(
        choices=(
            *("accept", "dismiss", "snooze", "ask_review", "reopen", "edit", "retract", "restore"),
            *("dispute", "settle", "supersede", "merge", "undo"),
        )
    )
    version = serializers.IntegerField(
        required=False, min_value=0, max_value=1 << 31, help_text="As you saw it: refused if it has moved on."
    )
    why = CleanText(
        lines=True, max_length=1000, required=False, allow_blank=True, help_text="Readers see it."
    )
    reason = serializers.ChoiceField(choices=Event.Dismissal.values, required=False, help_text="dismiss")
    until = serializers.DateField(required=False, help_text="snooze: until this day")
    changes = serializers.DictField(required=False, help_text="accept, edit: fields of the record")
    events = serializers.ListField(
        child=Identifier(), required=False, max_length=50,
        help_text="supersede: the earlier events; merge: those to merge into this one",
    )  # fmt: skip


class FiledLine(serializers.Serializer):
    line = serializers.IntegerField(help_text="Of the file, from 1 on.")
    id = serializers.CharField(help_text="The event it became.")


class Filed(serializers.Serializer):
    proposed = serializers.IntegerField()
    results = FiledLine(many=True)


class Decided(serializers.Serializer):
    id = serializers.CharField()
    status = serializers.ChoiceField(choices=Event.Status.values)
    version = serializers.IntegerField()
    sequence = serializers.IntegerField(allow_null=True, help_text="Its last revision; null: not on record.")


class Waits(Decided):
    """The event as it still stands: the decision waits for a second person."""

    why = serializers.ListField(
        child=serializers.CharField(), help_text="What gives it weight, in sentences."
    )
    detail = serializers.CharField(help_text="Who has to sign it, and where.")


@_example(
    {
        "records": [
            {
                "id": "2026-05-01-in-force",
                "date": "2026-05-01",
                "title": "A new law enters into force",
                "actors": [_ACTOR.slug],
                "assessments": [{"rec": _ONE.slug, "direction": 1, "strength": 4}],
            }
        ],
        "why": "from the archive",
    }
)
class Import(Strict):
    records = serializers.ListField(
        child=serializers.DictField(), min_length=1, max_length=200,  # they hold the log for as long as they take
        help_text="Records in the shape of a line of the log; all of them or none.",
    )  # fmt: skip
    why = CleanText(
        lines=True, max_length=1000, required=False, allow_blank=True, help_text="Readers see it."
    )


class Imported(serializers.Serializer):
    added = serializers.IntegerField()
    changed = serializers.IntegerField()
    known = serializers.IntegerField(help_text="On record already; nothing was done.")


@_example(
    {
        "event": "2026-05-01-in-force",
        "recommendation": _ONE.slug,
        "claim": "The law covers two towns only, not all.",
        "source": "https://gazette.example/law",
    }
)
class DisputeInput(Strict):
    event = Identifier(help_text="Its id.")
    claim = CleanText(lines=True, min_length=20, max_length=4000, help_text="What is wrong.")
    source = Address(help_text="A page that shows it.")
    recommendation = serializers.ChoiceField(choices=current().slugs, required=False)
    direction = serializers.ChoiceField(choices=record.DIRECTIONS, required=False)
    strength = serializers.IntegerField(min_value=1, max_value=5, required=False)
    name = CleanText(max_length=100, required=False, allow_blank=True, help_text="Shown with the dispute.")
    email = serializers.EmailField(required=False, help_text="For the answer only; never shown.")


class DisputeShape(serializers.Serializer):
    reference = serializers.CharField()
    event = serializers.CharField()
    recommendation = serializers.CharField(help_text="Empty: the whole event.")
    state = serializers.ChoiceField(choices=Dispute.State.values)
    claim = serializers.CharField(allow_null=True, help_text="Null until an editor has taken it up.")
    source = serializers.CharField(allow_null=True)
    direction = serializers.IntegerField(allow_null=True)
    strength = serializers.IntegerField(allow_null=True)
    name = serializers.CharField(allow_null=True)
    answer = serializers.CharField()
    sequence = serializers.IntegerField(help_text="The revision it is about.")
    changed_by = serializers.IntegerField(allow_null=True, help_text="The revision that followed.")
    received_at = serializers.DateTimeField()
    answer_due = serializers.DateField()
    answered_at = serializers.DateTimeField(allow_null=True)
    page = serializers.URLField()


class Disputes(Page):
    counts = serializers.DictField(child=serializers.IntegerField(), help_text="All disputes by state.")
    results = DisputeShape(many=True)


class Flag(serializers.BooleanField):
    """true or false, and no word for either."""

    def to_internal_value(self, data):
        if not isinstance(data, bool):
            raise serializers.ValidationError(f"true or false, not {type(data).__name__}")
        return data


class FollowedInput(Strict):
    """What is followed: a change is told where any of it fits."""

    changes = Flag(
        required=False,
        help_text="All changes, of these recommendations and actors. Left out: where nothing else is followed.",
    )
    recommendations = serializers.ListField(
        child=serializers.ChoiceField(choices=current().slugs), required=False
    )
    actors = serializers.ListField(
        child=serializers.ChoiceField(choices=current().actor_slugs), required=False
    )
    acts = serializers.ListField(
        child=Identifier(), required=False, max_length=50, help_text="Each act, and what follows it."
    )
    searches = serializers.ListField(
        child=CleanText(max_length=300),
        required=False,
        max_length=20,
        help_text="As `q` of events: acts that are found, as they are or as they were.",
    )
    calendar = Flag(
        required=False, help_text="What comes on the calendar of what comes next, and what leaves it."
    )


@_example({"email": "reader@example.org", "rhythm": "weekly", "recommendations": [_ONE.slug]})
class SubscriptionInput(FollowedInput):
    email = serializers.EmailField(max_length=254)
    rhythm = serializers.ChoiceField(choices=Subscription.Rhythm.values)
    language = serializers.ChoiceField(choices=current().languages, required=False)


_HEX = "Hexadecimal, small letters."


@_example(
    {
        "key": "ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c",
        "sequence": 337,
        "digest": "0ce87f538e316d244985964db01a5ead7ceebcbec0e776b7f19c02d36882474c",
        "seen": "2026-11-30",
        "signature": "00" * 64,
    }
)
class CountersignatureInput(serializers.Serializer):
    key = serializers.RegexField("^[0-9a-f]{64}$", help_text=f"Your public key (Ed25519). {_HEX}")

    sequence = serializers.IntegerField(
        min_value=1, max_value=(1 << 53) - 1, help_text="The last one you saw."
    )
    digest = serializers.RegexField("^[0-9a-f]{64}$", help_text=f"Its digest. {_HEX}")
    seen = serializers.DateField(**DAY)
    signature = serializers.RegexField(
        "^[0-9a-f]{128}$", help_text=f"Ed25519 of the statement, as mirror.py makes it. {_HEX}"
    )


class Asked(serializers.Serializer):
    detail = serializers.CharField()


@_example({"url": "https://example.org/hook", "recommendations": [_ONE.slug]})
class WebhookInput(FollowedInput):
    url = Address(help_text="https, on the open internet.")


class WebhookShape(serializers.Serializer):
    id = serializers.IntegerField()
    url = serializers.CharField()
    changes = serializers.BooleanField(help_text="All changes, of these recommendations and actors.")
    recommendations = serializers.ListField(child=serializers.CharField())
    actors = serializers.ListField(child=serializers.CharField())
    acts = serializers.ListField(child=serializers.CharField())
    searches = serializers.ListField(child=serializers.CharField())
    calendar = serializers.BooleanField()
    enabled = serializers.BooleanField()
    reason = serializers.CharField(help_text="Why it is disabled.")
    failing_since = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    secret = serializers.CharField(required=False, help_text="Only in the answer that makes or rotates it.")


class Webhooks(Page):
    results = WebhookShape(many=True)


class TryShape(serializers.Serializer):
    at = serializers.DateTimeField()
    status = serializers.IntegerField(allow_null=True)
    trouble = serializers.CharField()
    seconds = serializers.FloatField()


class DeliveryShape(serializers.Serializer):
    message = serializers.CharField(help_text="The webhook-id of every try.")
    sequence = serializers.IntegerField(
        allow_null=True, help_text="The revision; null: about none alone, as a ping or the calendar."
    )
    state = serializers.ChoiceField(choices=("owed", "delivered", "given_up"))
    attempts = serializers.IntegerField()
    written_at = serializers.DateTimeField()
    next_at = serializers.DateTimeField(allow_null=True)
    delivered_at = serializers.DateTimeField(allow_null=True)
    tries = TryShape(many=True)


class Deliveries(Page):
    results = DeliveryShape(many=True)
