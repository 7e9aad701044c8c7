"""`manage.py tag < articles.jsonl`: one suggestion a line, with its reasons. Needs no seeded database."""

import json

from django.core.management.base import BaseCommand, CommandError

from tracker import rows, tagger_versions

BATCH = 512
SHAPE = 'an article is an object {"id", "title", "summary"?, "lang"?}'
FIELDS = ("id", "title", "summary", "lang", "publisher")


class Command(BaseCommand):
    help = 'Suggest codes for articles: JSON Lines {"id","title","summary"?,"lang"?} in, suggestions out.'
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument(
            "file", nargs="?", default="-", help="a file of JSON Lines; standard input without"
        )

    def handle(self, *args, file, **options):
        try:
            articles = read(file)
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}") from error
        except rows.BadFile as error:
            raise CommandError(f"{error}\nNothing was tagged.") from error
        tagger = tagger_versions.serving()
        for start in range(0, len(articles), BATCH):
            batch = articles[start : start + BATCH]
            for article, suggestion in zip(batch, tagger.tag_many(batch), strict=True):
                self.stdout.write(json.dumps(answer(article["id"], suggestion), ensure_ascii=False))


def read(name):
    """All articles of a file; `BadFile` with the number of every line that cannot be used."""
    with rows.opened(name) as binary:
        return rows.checked(rows.json_lines(binary, SHAPE), article)


def article(raw):
    """One article of a line; `ValueError` says what it lacks."""
    if not isinstance(raw.get("id"), str | int) or isinstance(raw["id"], bool):
        raise ValueError("id: missing, or neither text nor a number")
    if not isinstance(raw.get("title"), str):
        raise ValueError("title: missing, or not text")
    for name in FIELDS[2:]:
        if not isinstance(raw.get(name) or "", str):
            raise ValueError(f"{name}: not text")
    return {name: raw.get(name) for name in FIELDS}


def answer(article_id, suggestion):
    stored = suggestion.as_dict()
    return {
        "id": article_id,
        "relevance": suggestion.relevance,
        "labels": stored["labels"],
        "actors": stored["actors"],
        "certainty": suggestion.certainty,
        "silent": suggestion.silent,
        "model": suggestion.model,
    }
