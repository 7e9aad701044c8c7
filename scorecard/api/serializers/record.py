"""Shapes of the record: recommendations, events, changes, articles, sources."""

from rest_framework import serializers

from scorecard.models import Dispute
from tracker import codebook
from tracker.models import Ask, Revision


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
    slug = serializers.ChoiceField(choices=codebook.RECOMMENDATIONS)
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
    rec = serializers.ChoiceField(choices=codebook.RECOMMENDATIONS)
    direction = serializers.ChoiceField(
        choices=codebook.DIRECTIONS, help_text="1 advances, -1 undermines, 0 mixed."
    )
    strength = serializers.IntegerField(min_value=1, max_value=5, help_text="1 words … 5 operating.")
    ask = serializers.CharField(allow_null=True, required=False, help_text="The ask it speaks to, if any.")
    rationale = serializers.CharField(required=False, max_length=2000)


class SourceShape(serializers.Serializer):
    title = serializers.CharField(required=False, max_length=1000)
    publisher = serializers.CharField(required=False, max_length=300)
    url = serializers.CharField(required=False, max_length=2000)
    date = serializers.DateField(allow_null=True, required=False)
    lang = serializers.CharField(required=False, max_length=20)


class Record(serializers.Serializer):
    """One version of one event, the shape of a line of the log."""

    id = serializers.RegexField(f"^{codebook.ID.pattern}$", help_text="Permanent.")
    date = serializers.DateField(help_text="The day of the act, not of the report.")
    date_precision = serializers.ChoiceField(choices=codebook.PRECISIONS)
    title = serializers.CharField()
    title_zh = serializers.CharField()
    summary = serializers.CharField()
    summary_zh = serializers.CharField()
    actors = serializers.ListField(child=serializers.ChoiceField(choices=codebook.ACTORS))
    certainty = serializers.ChoiceField(choices=codebook.CERTAINTIES)
    supersedes = serializers.ListField(
        child=serializers.CharField(), help_text="Events whose effect it ends."
    )
    assessments = AssessmentShape(many=True)
    sources = SourceShape(many=True)
    recorded_at = serializers.DateField(allow_null=True, help_text="Day of this version; null: first import.")
    codebook = serializers.CharField(allow_null=True)
    retracted = serializers.BooleanField()


class EventShape(Record):
    sequence = serializers.IntegerField(help_text="The revision that this state is.")
    changed_at = serializers.DateTimeField()
    disputed = serializers.BooleanField(help_text="Whether a reader's dispute is open.")
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
    side = serializers.ChoiceField(choices=("us", "china", "third", "unknown"))
    languages = serializers.ListField(child=serializers.CharField())
    reports = serializers.IntegerField()
    events = serializers.IntegerField()


class Sources(serializers.Serializer):
    total = serializers.IntegerField()
    results = SourceOfRecord(many=True)
