"""Shapes of the record: recommendations, events, changes, articles, sources.

Shapes of what explains: start page, method, codebook, cues, coverage, agreement, dictionary, editions.
"""

from rest_framework import serializers

from scorecard import reliability
from scorecard.models import Dispute
from tracker import agreement, record
from tracker.codebook import current
from tracker.codebook.schema import THIRD, UNKNOWN
from tracker.models import Ask, Revision

_OUTLETS = current().outlets
_SIDES = (
    *(slug for slug in current().actor_slugs if _OUTLETS and slug in {**_OUTLETS.hosts, **_OUTLETS.endings}),
    *(THIRD, UNKNOWN),
)


class Page(serializers.Serializer):
    total = serializers.IntegerField(help_text="How many items paging returns in all.")
    next = serializers.URLField(allow_null=True, help_text="The next page; null: this was the last.")


class AskShape(serializers.Serializer):
    slug = serializers.CharField()
    name_en = serializers.CharField()
    name_zh = serializers.CharField()
    description_en = serializers.CharField()
    description_zh = serializers.CharField()
    mode = serializers.ChoiceField(choices=Ask.Mode.values)
    actors = serializers.ListField(child=serializers.CharField())


class RecommendationShape(serializers.Serializer):
    slug = serializers.ChoiceField(choices=current().slugs)
    number = serializers.IntegerField()
    name_en = serializers.CharField()
    name_zh = serializers.CharField()
    summary_en = serializers.CharField()
    summary_zh = serializers.CharField()
    advances_en = serializers.CharField()
    advances_zh = serializers.CharField()
    undermines_en = serializers.CharField()
    undermines_zh = serializers.CharField()
    asks = AskShape(many=True)
    page = serializers.URLField()


class Recommendations(serializers.Serializer):
    total = serializers.IntegerField()
    results = RecommendationShape(many=True)


class AssessmentShape(serializers.Serializer):
    rec = serializers.ChoiceField(choices=current().slugs)
    direction = serializers.ChoiceField(
        choices=record.DIRECTIONS, help_text="1 advances, -1 undermines, 0 mixed."
    )
    strength = serializers.IntegerField(min_value=1, max_value=5, help_text="1 words … 5 operating.")
    ask = serializers.CharField(allow_null=True, required=False, help_text="The ask it speaks to, if any.")
    rationale = serializers.CharField(required=False, max_length=2000)
    rationale_zh = serializers.CharField(required=False, max_length=2000)


class SourceShape(serializers.Serializer):
    title = serializers.CharField(required=False, max_length=1000)
    publisher = serializers.CharField(required=False, max_length=300)
    url = serializers.CharField(required=False, max_length=2000)
    date = serializers.DateField(allow_null=True, required=False)
    lang = serializers.CharField(required=False, max_length=20)
    kind = serializers.ChoiceField(
        required=False,
        choices=record.SOURCE_KINDS,
        help_text="primary: the body that acted; an agency; an outlet; an aggregator of others' words.",
    )


class Record(serializers.Serializer):
    """One version of one event, the shape of a line of the log."""

    id = serializers.RegexField(f"^{record.ID.pattern}$", help_text="Permanent.")
    date = serializers.DateField(help_text="The day of the act, not of the report.")
    date_precision = serializers.ChoiceField(choices=record.PRECISIONS)
    title = serializers.CharField()
    title_zh = serializers.CharField()
    summary = serializers.CharField()
    summary_zh = serializers.CharField()
    actors = serializers.ListField(child=serializers.ChoiceField(choices=current().actor_slugs))
    certainty = serializers.ChoiceField(choices=record.CERTAINTIES)
    reach = serializers.ChoiceField(
        required=False, choices=record.REACHES, help_text="Absent: wide, national or international."
    )
    until = serializers.DateField(
        required=False,
        allow_null=True,
        help_text="First day on which it no longer counts, where the act itself names one.",
    )
    stage = serializers.ChoiceField(
        required=False, allow_null=True, choices=record.STAGES, help_text="What waits for a next step."
    )
    due = serializers.CharField(
        required=False,
        allow_null=True,
        help_text="Day, or month as YYYY-MM, that its own text names for a next step.",
    )
    due_what = serializers.CharField(required=False, help_text="What is due then.")
    due_what_zh = serializers.CharField(required=False)
    supersedes = serializers.ListField(
        child=serializers.CharField(), help_text="Events whose effect it ends."
    )
    suspends = serializers.ListField(
        required=False, child=serializers.CharField(), help_text="Events that it puts to sleep until `until`."
    )
    assessments = AssessmentShape(many=True)
    sources = SourceShape(many=True)
    recorded_at = serializers.DateField(allow_null=True, help_text="Day of this version; null: first import.")
    codebook = serializers.CharField(allow_null=True)
    retracted = serializers.BooleanField()


class ArchivedShape(serializers.Serializer):
    url = serializers.URLField(help_text="The source, as `sources` has it.")
    copy = serializers.URLField(help_text="Its copy at an archive.")
    made_on = serializers.DateField(allow_null=True, help_text="Day of the copy, where it is known.")


class EventShape(Record):
    sequence = serializers.IntegerField(help_text="The revision that this state is.")
    changed_at = serializers.DateTimeField()
    disputed = serializers.BooleanField(help_text="Whether a reader's dispute is open.")
    coded_by = serializers.ChoiceField(
        choices=reliability.CODERS, help_text="Who gave these codes: a language model, an analyst, or a file."
    )
    confirmed_on = serializers.DateField(
        allow_null=True, help_text="Since when an analyst stands behind these codes; null: not yet reviewed."
    )
    archived = ArchivedShape(
        many=True, help_text="Copies of its sources at an archive, as far as they are known."
    )
    page = serializers.URLField()


class SparseEvent(EventShape):
    """With `fields`, only those asked for."""

    def get_fields(self):
        found = super().get_fields()
        for field in found.values():
            field.required = False
        return found


class Events(Page):
    known_at = serializers.DateField(
        allow_null=True, help_text="As known at the end of this day; null: today."
    )
    results = SparseEvent(many=True)


class DisputeInHistory(serializers.Serializer):
    reference = serializers.CharField()
    state = serializers.ChoiceField(choices=Dispute.State.values)
    received_at = serializers.DateTimeField()
    answered_at = serializers.DateTimeField(allow_null=True)
    changed_by = serializers.IntegerField(allow_null=True, help_text="The revision that followed.")


class Change(serializers.Serializer):
    sequence = serializers.IntegerField()
    event = serializers.CharField()
    kind = serializers.ChoiceField(choices=Revision.Kind.values)
    related = serializers.ListField(child=serializers.CharField())
    why = serializers.CharField()
    who = serializers.CharField()
    written_at = serializers.DateTimeField()
    record = Record()
    previous = serializers.CharField(help_text="Digest of the revision before; empty for the first.")
    digest = serializers.CharField(
        help_text="SHA-256 of previous, a line feed, and the other eight fields as JSON without spaces."
    )


class Head(serializers.Serializer):
    sequence = serializers.IntegerField()
    digest = serializers.CharField()


class Changes(serializers.Serializer):
    head = Head()
    next = serializers.URLField(help_text="Call it for what comes after; it stays valid for ever.")
    complete = serializers.BooleanField(help_text="Nothing stands after these at the moment.")
    results = Change(many=True)


class History(serializers.Serializer):
    id = serializers.CharField()
    merged_into = serializers.CharField(allow_null=True)
    results = Change(many=True)
    disputes = DisputeInHistory(many=True)


class Merged(serializers.Serializer):
    id = serializers.CharField()
    merged_into = serializers.CharField()
    location = serializers.URLField()


class ArticleShape(serializers.Serializer):
    id = serializers.IntegerField()
    url = serializers.CharField()
    title = serializers.CharField()
    publisher = serializers.CharField()
    language = serializers.CharField()
    published_at = serializers.DateTimeField(allow_null=True)
    first_seen_at = serializers.DateTimeField()
    events = serializers.ListField(child=serializers.CharField(), help_text="Events on record it reports.")


class SparseArticle(ArticleShape):
    def get_fields(self):
        found = super().get_fields()
        for field in found.values():
            field.required = False
        return found


class Articles(Page):
    results = SparseArticle(many=True)


class SourceOfRecord(serializers.Serializer):
    host = serializers.CharField()
    publisher = serializers.CharField(help_text="The name most often given.")
    side = serializers.ChoiceField(
        choices=_SIDES, allow_null=True, help_text="Null where no outlets are listed."
    )
    languages = serializers.ListField(child=serializers.CharField())
    reports = serializers.IntegerField()
    events = serializers.IntegerField()


class Sources(serializers.Serializer):
    total = serializers.IntegerField()
    results = SourceOfRecord(many=True)


class Start(serializers.Serializer):
    title = serializers.CharField()
    method = serializers.CharField()
    codebook = serializers.CharField()
    sequence = serializers.IntegerField(help_text="Revisions in the log.")
    digest = serializers.CharField(help_text="Digest of the last revision.")
    coded_to = serializers.DateField(allow_null=True)
    licence = serializers.CharField()
    documentation = serializers.URLField()
    addresses = serializers.DictField(child=serializers.URLField())


class MethodParameter(serializers.Serializer):
    name = serializers.CharField()
    symbol = serializers.CharField()
    value = serializers.JSONField(help_text="A number, or a list of numbers.")
    reason = serializers.CharField()


class MethodVersion(serializers.Serializer):
    version = serializers.CharField()
    adopted = serializers.DateField(
        allow_null=True, help_text="The day it was put into service; null: it can only be asked for."
    )
    summary = serializers.CharField()
    parameters = serializers.DictField()


class WhatIf(serializers.Serializer):
    slug = serializers.CharField()
    name = serializers.CharField()


class MethodShape(serializers.Serializer):
    current = serializers.CharField()
    start = serializers.DateField()
    recommendations = serializers.ListField(child=serializers.CharField())
    horizons = serializers.ListField(child=serializers.IntegerField())
    versions = MethodVersion(many=True)
    parameters = MethodParameter(many=True)
    what_ifs = WhatIf(many=True)
    agreement = serializers.DictField(child=serializers.FloatField())


class Codebook(serializers.Serializer):
    version = serializers.CharField()
    start = serializers.DateField()
    asks = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))
    actors = serializers.ListField(child=serializers.CharField())
    certainties = serializers.ListField(child=serializers.CharField())
    precisions = serializers.ListField(child=serializers.CharField())
    directions = serializers.DictField(child=serializers.CharField())
    strengths = serializers.DictField(child=serializers.CharField())


class CueShape(serializers.Serializer):
    kind = serializers.CharField()
    key = serializers.CharField()
    body = serializers.DictField()


class Cues(serializers.Serializer):
    total = serializers.IntegerField()
    model = serializers.CharField(allow_null=True, help_text="Version of the tagger that is serving.")
    results = CueShape(many=True)


class CoverageOfDay(serializers.Serializer):
    day = serializers.DateField()
    feeds_total = serializers.IntegerField()
    feeds_alive = serializers.IntegerField()
    articles = serializers.IntegerField()
    oldest_unreviewed = serializers.DateField(allow_null=True)
    waiting = serializers.IntegerField()


class Statement(serializers.Serializer):
    day = serializers.DateField()
    recorded_at = serializers.DateField(allow_null=True)
    note = serializers.CharField()
    withdrawn_at = serializers.DateField(
        allow_null=True, help_text="From this day on it does not hold; null while it does."
    )
    withdrawn_because = serializers.CharField(help_text="Why it was taken back; empty while it holds.")


class CertaintyCounts(serializers.Serializer):
    confirmed = serializers.IntegerField()
    reported = serializers.IntegerField()
    rumoured = serializers.IntegerField()


class CoverageShape(serializers.Serializer):
    coded_to = serializers.DateField(allow_null=True)
    events = serializers.IntegerField()
    certainty = CertaintyCounts()
    articles = serializers.IntegerField()
    waiting = serializers.IntegerField(help_text="Proposals that nobody has decided.")
    oldest_waiting = serializers.DateTimeField(allow_null=True)
    statements = Statement(many=True)
    days = CoverageOfDay(many=True)


class AgreementOfField(serializers.Serializer):
    field = serializers.CharField()
    recommendation = serializers.CharField(help_text="Empty: the field as a whole.")
    alpha = serializers.FloatField(
        allow_null=True, help_text="Krippendorff's; null: not defined, or on too few units."
    )
    low = serializers.FloatField(allow_null=True, help_text="Lower end of its interval.")
    high = serializers.FloatField(allow_null=True, help_text="Upper end of its interval.")
    n = serializers.IntegerField(help_text="Events that were coded twice.")


class AgreementOfKind(serializers.Serializer):
    kind = serializers.ChoiceField(
        choices=agreement.KINDS,
        help_text="people: two people; record: a person, and the record as a language model or a file left it; "
        "machines: two language models.",
    )
    events = serializers.IntegerField(help_text="Events that were coded twice by coders of this kind.")
    results = AgreementOfField(many=True)


class AgreementShape(serializers.Serializer):
    measured = serializers.BooleanField(help_text="Whether two people have coded any event.")
    results = AgreementOfField(many=True, help_text="Of two people.")
    thresholds = serializers.DictField(child=serializers.FloatField())
    least_units = serializers.IntegerField(help_text="From so many units on an alpha is given.")
    kinds = AgreementOfKind(many=True)


class Column(serializers.Serializer):
    name = serializers.CharField()
    type = serializers.ChoiceField(choices=("text", "integer", "number", "boolean", "day", "moment", "list"))
    meaning = serializers.CharField()


class TableShape(serializers.Serializer):
    name = serializers.CharField()
    meaning = serializers.CharField()
    files = serializers.DictField(child=serializers.URLField())
    parameters = serializers.ListField(child=serializers.CharField(), help_text="What its address takes.")
    key = serializers.ListField(child=serializers.CharField(), help_text="The columns that name a row.")
    columns = Column(many=True)


class Dictionary(serializers.Serializer):
    licence = serializers.CharField()
    tables = TableShape(many=True)


class EditionShape(serializers.Serializer):
    day = serializers.DateField()
    sequence = serializers.IntegerField(help_text="Revisions of the log that it holds.")
    digest = serializers.CharField(help_text="SHA-256 of its manifest.")
    previous = serializers.CharField(help_text="SHA-256 of the manifest of the edition before; empty: first.")
    signature = serializers.CharField(help_text="Ed25519 of the manifest, hexadecimal.")
    key = serializers.CharField(help_text="The public key, hexadecimal.")
    bytes = serializers.IntegerField()
    made_at = serializers.DateTimeField()
    doi = serializers.CharField(allow_null=True, help_text="Where it was deposited, if it was.")
    page = serializers.URLField(help_text="Its page, with citation and files.")
    file = serializers.URLField(help_text="Everything in one zip.")
    manifest = serializers.URLField()


class Editions(serializers.Serializer):
    total = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    results = EditionShape(many=True)


class CountersignatureShape(serializers.Serializer):
    witness = serializers.CharField(help_text="Who mirrors the log, by the operator's word.")
    key = serializers.CharField(help_text="Its public key, Ed25519, hexadecimal: take it from the witness.")
    sequence = serializers.IntegerField(help_text="The revision with which it saw the log end.")
    digest = serializers.CharField()
    seen = serializers.DateField(help_text="When, by its own word (UTC).")
    signature = serializers.CharField(help_text="Ed25519 of the statement, hexadecimal.")


class LogHead(serializers.Serializer):
    day = serializers.DateField(help_text="UTC.")
    sequence = serializers.IntegerField(help_text="The last revision written on that day.")
    digest = serializers.CharField(help_text="SHA-256 over it and all before it.")
    countersignatures = CountersignatureShape(
        many=True, help_text="Of each witness the first one that covers this head: of it, or of a later one."
    )


class LogHeads(serializers.Serializer):
    total = serializers.IntegerField()
    results = LogHead(many=True)


class PublicKey(serializers.Serializer):
    algorithm = serializers.CharField()
    key = serializers.CharField(help_text="Hexadecimal, 32 bytes.")
    pem = serializers.CharField()
