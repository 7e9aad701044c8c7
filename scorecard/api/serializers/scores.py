"""Shapes of figures: readings, series, contributions, waterfalls."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from scorecard.vocabulary import DELIVERY, LABELS
from tracker import record
from tracker.codebook import current

ACTOR = {"choices": current().actor_slugs}
RECOMMENDATION = {"choices": current().slugs}
LABEL_CHOICES = [*LABELS]
DELIVERY_CHOICES = [*DELIVERY]
UNSAID = "Null on days after the last coded one (`beyond`)."


def measure(text):
    return serializers.FloatField(help_text=text)


class Factor(serializers.Serializer):
    factor = serializers.CharField(help_text="The parameter's symbol.")
    r2 = measure("Squared correlation with the score over the draws.")


class Spread(serializers.Serializer):
    score = measure("The published score.")
    p10 = measure("A tenth of the draws lie below.")
    p50 = measure("The median of the draws.")
    p90 = measure("A tenth of the draws lie above.")
    same_sign = measure("Share of draws with the sign of the score.")
    same_word = serializers.FloatField(
        allow_null=True, required=False, help_text="Share of draws with the label of the score."
    )
    factors = Factor(many=True)


class Measure(serializers.Serializer):
    score = measure(f"-100 to +100; 0 is where it stood on {current().start}.")
    low = measure("Lower end of the 80 % evidence band.")
    high = measure("Upper end of the 80 % evidence band.")
    label = serializers.ChoiceField(choices=LABEL_CHOICES, allow_null=True, help_text=UNSAID)
    A = measure("Faded, credited weight of what advances; the unit is one act in operation.")
    U = measure("The same of what undermines.")
    E = measure("A + U.")
    advancing_share = measure("Per cent; the three shares sum to 100.")
    undermining_share = measure("Per cent.")
    open_share = measure("Per cent.")
    prob_advancing = measure("Probability that the true balance is above zero.")
    contested = measure("2·min(A, U)/E; 0 without evidence.")
    n = serializers.IntegerField(help_text="Acts that count.")


class MeasureSince(Measure):
    since = serializers.DateField(allow_null=True, help_text="First day of the label's unbroken run.")


class Balance(MeasureSince):
    fragile = serializers.BooleanField(
        allow_null=True, help_text="Dropping some single act changes the label."
    )
    sensitivity = Spread(required=False)


class ChangeOver(serializers.Serializer):
    to = measure("The score now.")
    change = measure("to - from.")
    faded = measure("Points by fading.")
    ended = measure("Points by acts that ended.")
    new = measure("Points by new acts.")
    moved = measure("ended + new.")
    acts = measure("Effective number of acts behind the move.")
    word = serializers.CharField(allow_null=True, help_text=UNSAID)

    def get_fields(self):
        return {"from": measure("The score then."), **super().get_fields()}


class Rule(serializers.Serializer):
    value = serializers.FloatField(allow_null=True)
    rung = serializers.IntegerField(allow_null=True)


class AskOfActor(serializers.Serializer):
    value = serializers.FloatField()
    rung = serializers.IntegerField()
    up = measure("Faded, credited weight for it.")
    down = measure("The same against it.")
    opposed = serializers.BooleanField()


class AskStanding(serializers.Serializer):
    ask = serializers.CharField()
    mode = serializers.CharField()
    value = serializers.FloatField(allow_null=True, help_text="0 to 100; null: not yet rated.")
    rung = serializers.IntegerField(allow_null=True)
    rated = serializers.BooleanField()
    by_hand = serializers.DictField(allow_null=True, help_text="What an analyst set, and why.")
    rule = Rule(help_text="What the rule says where an analyst set it by hand.")
    actors = serializers.DictField(child=AskOfActor())


class Delivery(serializers.Serializer):
    value = serializers.FloatField(allow_null=True)
    label = serializers.ChoiceField(choices=DELIVERY_CHOICES, allow_null=True, help_text=UNSAID)
    rated = serializers.IntegerField()
    of = serializers.IntegerField()
    asks = AskStanding(many=True)


class Readings(serializers.Serializer):
    balance = Balance()
    pulse = MeasureSince()
    change = serializers.DictField(child=ChangeOver(), help_text="Over 30, 90 and 365 days.")
    delivery = Delivery(
        allow_null=True,
        help_text="Null in the view of an actor from method 1.1 on: each ask shows its actors.",
    )


class Overall(serializers.Serializer):
    score = measure("The plain mean of all recommendations; never quote it without their labels.")
    low = serializers.FloatField()
    high = serializers.FloatField()
    labels = serializers.DictField(
        child=serializers.IntegerField(), help_text="How many recommendations have each."
    )
    delivery = serializers.FloatField(allow_null=True)
    sensitivity = Spread(required=False)


class IgnoredLink(serializers.Serializer):
    id = serializers.CharField()
    supersedes = serializers.CharField(required=False, help_text="The event it would end.")
    suspends = serializers.CharField(required=False, help_text="The event it would put to sleep.")
    why = serializers.CharField()


class Clock(serializers.Serializer):
    method = serializers.CharField(help_text="Version of the method.")
    as_of = serializers.DateField()
    known_at = serializers.DateField(allow_null=True)
    coded_to = serializers.DateField(
        allow_null=True, help_text="Coding is complete to this day; after it a score only fades."
    )
    read_on = serializers.DateField(
        help_text="The day the readings are made on: `as_of`, from method 1.1 on no later than `coded_to`."
    )
    days_since = serializers.IntegerField(help_text="Days from the last coded day to `as_of`.")
    rev = serializers.CharField(
        allow_null=True,
        help_text="The state of the record that it rests on; `?rev=` gives it again, for ever.",
    )
    actor = serializers.ChoiceField(**ACTOR, allow_null=True)


class Scores(Clock):
    parameters = serializers.DictField()
    recommendations = serializers.DictField(child=Readings())
    overall = Overall()
    ignored_links = IgnoredLink(many=True)
    what_ifs = serializers.ListField(
        child=serializers.DictField(), required=False, help_text="With `sensitivity=true`."
    )


class Score(Clock):
    recommendation = serializers.ChoiceField(**RECOMMENDATION)
    readings = Readings()


class BalanceOnly(serializers.Serializer):
    score = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()
    label = serializers.ChoiceField(choices=LABEL_CHOICES, allow_null=True, help_text=UNSAID)
    n = serializers.IntegerField()


class Views(Clock):
    actor = None
    total = serializers.DictField(child=BalanceOnly())
    actors = serializers.DictField(child=serializers.DictField(child=BalanceOnly()))


class Contribution(serializers.Serializer):
    id = serializers.CharField()
    date = serializers.DateField()
    direction = serializers.ChoiceField(choices=record.DIRECTIONS)
    strength = serializers.IntegerField(min_value=1, max_value=5)
    certainty = serializers.ChoiceField(choices=record.CERTAINTIES)
    reach = serializers.ChoiceField(choices=record.REACHES)
    actors = serializers.ListField(child=serializers.ChoiceField(**ACTOR))
    ask = serializers.CharField(allow_null=True)
    weight = measure("W[strength] · C[certainty] · Q[reach].")
    credited = measure("What is left of it after what it undoes.")
    kept = measure("The factor of fading on the day.")
    advancing = measure("What it adds to A; all of them add up to A.")
    undermining = measure("What it adds to U; all of them add up to U.")
    points = measure("100·(advancing - undermining)/(E + k); all of them add up to the score.")
    effect = measure("The score minus the score without it.")


class Contributions(Clock):
    recommendation = serializers.ChoiceField(**RECOMMENDATION)
    score = serializers.FloatField()
    A = serializers.FloatField()
    U = serializers.FloatField()
    total = serializers.IntegerField()
    results = Contribution(many=True)


class Moved(serializers.Serializer):
    id = serializers.CharField(allow_null=True, help_text="Null: a parameter of the method.")
    points = serializers.FloatField()
    why = serializers.CharField()


class Step(serializers.Serializer):
    step = serializers.ChoiceField(choices=("method", "recoded", "faded", "ended", "new"))
    points = serializers.FloatField()
    acts = Moved(many=True)


class Fall(serializers.Serializer):
    to = serializers.FloatField()
    change = serializers.FloatField()
    world = measure("faded + ended + new.")
    recoded = measure("By what we learned or corrected.")
    method = measure("By another version of the method.")
    steps = Step(many=True)

    def get_fields(self):
        return {"from": measure("The first score."), **super().get_fields()}


class Pair(Clock):
    method = None
    actor = None
    rev = None


class Waterfall(serializers.Serializer):
    method = serializers.CharField()
    rev = Clock().fields["rev"]
    earlier = Pair()
    later = Pair()
    actor = serializers.ChoiceField(**ACTOR, allow_null=True)
    recommendations = serializers.DictField(child=Fall())


@extend_schema_field({"type": "array", "items": {"type": ["number", "null"]}})
class Numbers(serializers.ListField):
    pass


class Line(serializers.Serializer):
    score = Numbers()
    low = Numbers()
    high = Numbers()
    A = Numbers()
    U = Numbers()
    n = Numbers()
    label = serializers.ListField(child=serializers.ChoiceField(choices=LABEL_CHOICES, allow_null=True))


class Series(Clock):
    reading = serializers.ChoiceField(choices=("balance", "pulse"))
    days = serializers.ListField(child=serializers.DateField())
    recommendations = serializers.DictField(child=Line())


class ActAhead(serializers.Serializer):
    event = serializers.CharField(help_text="Its id.")
    title = serializers.CharField()
    title_zh = serializers.CharField()
    recommendations = serializers.ListField(
        child=serializers.ChoiceField(**RECOMMENDATION), help_text="Those that it touches."
    )
    page = serializers.URLField()


class TermAhead(ActAhead):
    day = serializers.DateField(help_text="First day on which it no longer counts, by its own terms.")
    passed = serializers.BooleanField(help_text="Whether that day has come since the last coded one.")
    wakes = serializers.ListField(
        child=serializers.CharField(),
        help_text="Events that count again from then on, unless it is prolonged.",
    )


class DueAhead(ActAhead):
    due = serializers.CharField(help_text="Day, or month as YYYY-MM, that its own text names.")
    what = serializers.CharField(help_text="What is due then.")
    what_zh = serializers.CharField()


class PendingAhead(ActAhead):
    stage = serializers.ChoiceField(choices=record.STAGES)
    since = serializers.DateField(help_text="The day of the act.")
    days = serializers.IntegerField(help_text="Its age on the day of the reading.")


class Ahead(serializers.Serializer):
    method = serializers.CharField(help_text="Version of the method.")
    as_of = serializers.DateField()
    known_at = serializers.DateField(allow_null=True)
    read_on = serializers.DateField(help_text="Only acts that count on this day speak here.")
    rev = serializers.CharField(
        allow_null=True,
        help_text="The state of the record that it rests on; `?rev=` gives it again, for ever.",
    )
    calendar = serializers.URLField(help_text="The same terms and days for calendars (iCalendar).")
    terms = TermAhead(many=True, help_text="Acts that end by their own terms, the earliest first.")
    dues = DueAhead(many=True, help_text="Days that acts name for a next step.")
    pending = PendingAhead(
        many=True, help_text="Proposals that nothing on record has answered, oldest first."
    )
