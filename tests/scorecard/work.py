"""What analysts may do to the record in a day, at random."""

from tests.scorecard import cast
from tracker import record, triage
from tracker.models import Event


def a_day_of_work(rng, day, analyst):
    """Whatever analysts may do to the record, at random; refusals are part of their day."""
    on_record = list(Event.objects.accepted().order_by("pk").values_list("pk", flat=True))
    deed = rng.choice(("enter", "enter", "edit", "retract", "restore", "merge", "supersede", "split", "undo"))
    if deed == "enter" or len(on_record) < 4:
        rec = rng.choice(record.RECOMMENDATIONS)
        cast.put(
            f"{day}-act-{rng.randrange(9999):04d}",
            str(day),
            rec=rec,
            why=f"记录 {deed}",
            recorded_at=str(day),
        )
        return
    one, two = rng.sample(on_record, 2)
    try:
        if deed == "edit":
            triage.edit(
                one, analyst, {"title": f"{day} “quoted” \u2028 行动 <&>", "certainty": "reported"}, "again"
            )
        elif deed == "retract":
            triage.retract(one, analyst, "never was")
        elif deed == "restore":
            gone = Event.objects.filter(retracted=True, status="accepted").order_by("pk").first()
            triage.restore(gone, analyst, "it was") if gone else None
        elif deed == "merge":
            triage.merge([one], two, analyst, "the same act")
        elif deed == "supersede":
            triage.supersede(max(one, two), [min(one, two)], analyst, "it ends it")
        elif deed == "split":
            part = {"title": f"A part of {one}", "date": str(day), "move": True}
            triage.split(one, [part], analyst, "two acts in one")
        else:
            mine = triage.last_of(analyst)
            triage.undo(mine[0], analyst) if mine else None
    except triage.Refused:
        pass
