"""Poll feeds now, one line each. The same room as the worker's, by another door."""

from collections import Counter

from django.core.management.base import BaseCommand, CommandError

from feeds import health, polling, scheduling, tasks
from feeds.models import Feed
from feeds.scheduling import Batch


class Command(BaseCommand):
    help = (
        "Poll feeds that are due, all of them (--all), or those named by id or by a part of address or title."
    )

    def add_arguments(self, parser):
        parser.add_argument("feeds", nargs="*", metavar="FEED", help="id, or part of the address or title")
        parser.add_argument("--all", action="store_true", help="every feed that is not paused, due or not")

    def handle(self, *args, feeds, **options):
        chosen = self.chosen(feeds, options["all"])
        waiting = list(chosen.filter(paused=False).values_list("pk", flat=True))
        if not waiting:
            self.stdout.write(self.nothing_to_do(feeds, options["all"]))
            return
        if feeds:
            chosen.update(whole_at=None)  # whoever names a feed wants to see all that it has
        failed = self.poll(waiting)
        if feeds and failed:
            raise CommandError(f"{failed} of the feeds that were named failed.")

    def chosen(self, names, everything):
        if everything or not names:
            return Feed.objects.all() if everything else Feed.objects.due()
        found = Feed.objects.none()
        for name in names:
            match = Feed.objects.called(name)
            if not match.exists():
                raise CommandError(f"No feed is called {name!r}. `manage.py feeds list` names them all.")
            found |= match
        return found

    def nothing_to_do(self, names, everything):
        if not Feed.objects.exists():
            return "There are no feeds yet. Add some: manage.py feeds import FILE.opml"
        if names or everything:
            return "Nothing polled: these feeds are paused."
        return "No feed is due. Poll them all the same with --all."

    def poll(self, waiting):
        """How many failed."""
        counts, width = Counter(), len(str(len(waiting)))
        try:
            for number, outcome in enumerate(self.outcomes(waiting), 1):
                self.stdout.write(f"[{number:>{width}}/{len(waiting)}] {outcome.feed}: {self.said(outcome)}")
                counts[outcome.kind if not outcome.failed else "failed"] += 1
                counts.update(new=outcome.new, articles=outcome.articles, edited=outcome.edited)
        finally:
            if counts["articles"] or counts["edited"]:
                tasks.nudge_filing()
        self.summary(len(waiting), counts)
        return counts["failed"]

    def summary(self, asked, counts):
        read = counts["read"] + counts["empty"]
        left = asked - read - counts["unchanged"] - counts["failed"]
        held = f", {left} left to the worker that holds them" if left else ""
        self.stdout.write(
            f"{asked} feeds: {read} read, {counts['unchanged']} unchanged, {counts['failed']} failed{held}; "
            f"{counts['articles']} new articles in {counts['new']} deliveries, {counts['edited']} edited."
        )

    def outcomes(self, waiting):
        # Claimed in parts, so that no lease runs out before its feed's turn. What a worker holds stays there.
        for start in range(0, len(waiting), 100):
            part = tuple(waiting[start : start + 100])
            token = scheduling.take_now(Feed.objects.filter(pk__in=part))
            yield from polling.poll_batch(Batch(token, part), seconds=None)

    def said(self, outcome):
        if outcome.kind == "unchanged":
            return "unchanged"
        if outcome.failed or outcome.kind == "lost":
            named = f"{health.name_of(outcome.kind)}: " if outcome.failed else ""
            return self.style.WARNING(f"{named}{outcome.text}")
        edited = f", {outcome.edited} edited" if outcome.edited else ""
        words = f"{outcome.entries} items, {outcome.new} new{edited} ({outcome.seconds:.1f} s)"
        return f"{words} {outcome.text}".rstrip()
