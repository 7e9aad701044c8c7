"""Read the archives of feeds, page by page; again and again until they end."""

from django.core.management.base import BaseCommand, CommandError

from feeds import backfill, tasks
from feeds.models import Feed


class Command(BaseCommand):
    help = "Read older items of feeds from their publishers' archives; run it again to go on where it ended."

    def add_arguments(self, parser):
        parser.add_argument("feeds", nargs="+", metavar="FEED", help="id, or part of the address or title")
        parser.add_argument("--pages", type=int, default=backfill.PAGES, help="of each feed, in this run")
        parser.add_argument("--again", action="store_true", help="from the newest page, not where it ended")

    def handle(self, *args, feeds, pages, again, **options):
        chosen = {}
        for name in feeds:
            found = list(Feed.objects.called(name))
            if not found:
                raise CommandError(f"No feed is called {name!r}. `manage.py feeds list` names them all.")
            chosen |= {feed.pk: feed for feed in found}
        articles = 0
        try:
            for feed in chosen.values():
                articles += self.walk(feed, pages, again)
        finally:
            if articles:
                tasks.nudge_filing()

    def walk(self, feed, pages, again):
        """One feed; how many articles were new."""
        last, articles = None, 0
        try:
            for last in backfill.backfill(feed, pages=pages, again=again):
                articles += last.articles
                counted = f"{last.entries} items, {last.new} new" if last.entries else ""
                self.stdout.write(f"{feed} [{last.number}] {last.url}: {counted} {last.text}".rstrip())
        except backfill.Held as error:
            self.stderr.write(self.style.WARNING(str(error)))
            return 0
        more = " There is more: run it again to go on." if last and last.more else ""
        self.stdout.write(f"{feed}: {articles} new articles.{more}")
        return articles
