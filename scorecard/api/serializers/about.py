"""Shapes of what explains: start page, method, codebook, cues, coverage, agreement, dictionary, editions."""

from rest_framework import serializers


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
    adopted = serializers.DateField()
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
    alpha = serializers.FloatField(allow_null=True, help_text="Krippendorff's; null: not defined.")
    low = serializers.FloatField(allow_null=True, help_text="Lower end of its interval.")
    high = serializers.FloatField(allow_null=True, help_text="Upper end of its interval.")
    n = serializers.IntegerField(help_text="Events that two people coded.")


class AgreementShape(serializers.Serializer):
    measured = serializers.BooleanField()
    results = AgreementOfField(many=True)
    thresholds = serializers.DictField(child=serializers.FloatField())


class Column(serializers.Serializer):
    name = serializers.CharField()
    type = serializers.ChoiceField(choices=("text", "integer", "number", "boolean", "day", "moment"))
    meaning = serializers.CharField()


class TableShape(serializers.Serializer):
    name = serializers.CharField()
    meaning = serializers.CharField()
    files = serializers.DictField(child=serializers.URLField())
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
    file = serializers.URLField(help_text="Everything in one zip.")
    manifest = serializers.URLField()


class Editions(serializers.Serializer):
    total = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    results = EditionShape(many=True)


class PublicKey(serializers.Serializer):
    algorithm = serializers.CharField()
    key = serializers.CharField(help_text="Hexadecimal, 32 bytes.")
    pem = serializers.CharField()
