"""`manage.py cluster < articles.jsonl`: which articles report the same act. Needs no database."""

import datetime
import json
import re

from django.core.management.base import BaseCommand, CommandError

from tracker import clustering, rows

TEXTS = ("summary", "lang", "publisher", "url")
SHAPE = 'an article is an object {"id", "title", "summary"?, "date"?, "lang"?, "publisher"?, "url"?}'


class Command(BaseCommand):
    help = (
        'Group articles by the act they report: JSON Lines {"id","title","summary"?,"date"?,"lang"?,'
        '"publisher"?,"url"?} in, {"id","cluster"} out, in the same order. A cluster is called by the id of '
        "its first article."
    )
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument(
            "file", nargs="?", default="-", help="a file of JSON Lines; standard input without"
        )

    def handle(self, *args, file, **options):
        try:
            with rows.opened(file) as binary:
                articles = rows.checked(rows.json_lines(binary, SHAPE), checked)
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}") from error
        except rows.BadFile as error:
            raise CommandError(f"{error}\nNothing was grouped.") from error
        for answer in grouped(articles):
            self.stdout.write(json.dumps(answer, ensure_ascii=False))


def grouped(articles):
    """One answer per article, in their order."""
    reports = [report(place, article) for place, article in enumerate(articles)]
    first = {place: min(group) for group in clustering.regroup(reports) for place in group}
    return [
        {"id": article["id"], "cluster": articles[first[place]]["id"]}
        for place, article in enumerate(articles)
    ]


def checked(raw):
    """One article of a line; `ValueError` says what is wrong with it."""
    if not isinstance(raw.get("id"), str | int) or isinstance(raw["id"], bool):
        raise ValueError("id: missing, or neither text nor a number")
    if not isinstance(raw.get("title"), str):
        raise ValueError("title: missing, or not text")
    for name in TEXTS:
        if not isinstance(raw.get(name) or "", str):
            raise ValueError(f"{name}: not text")
    return raw | {"date": day(raw.get("date"))}


def day(text):
    """A date, or None where there is none or it names no day ("2026-03")."""
    if text is None or text == "":
        return None
    if not isinstance(text, str):
        raise ValueError("date: not text")
    if re.fullmatch(r"\d{4}(-\d{2})?", text):
        return None
    try:
        return datetime.date.fromisoformat(text[:10])
    except ValueError:
        raise ValueError(f"date: {text[:40]!r} is no day; write it like 2026-03-02") from None


def report(place, article):
    texts = {name: article.get(name) or "" for name in TEXTS}
    return clustering.Report(place, article["title"], date=article["date"], **texts)
