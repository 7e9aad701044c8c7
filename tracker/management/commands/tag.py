"""`manage.py tag < articles.jsonl`: one suggestion a line, with its reasons. Needs no seeded database."""

import json
import sys

from django.core.management.base import BaseCommand, CommandError

from tracker import tagger_versions

BATCH = 512
FIELDS = ("id", "title", "summary", "lang", "publisher")


class BadLine(ValueError):
    pass


class Command(BaseCommand):
    help = 'Suggest codes for articles: JSON Lines {"id","title","summary"?,"lang"?} in, suggestions out.'
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument(
            "file", nargs="?", default="-", help="a file of JSON Lines; standard input without"
        )

    def handle(self, *args, file, **options):
        try:
            articles = read(sys.stdin.buffer if file == "-" else open(file, "rb"))  # noqa: SIM115
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}") from error
        except BadLine as error:
            raise CommandError(f"{error}\nNothing was tagged.") from error
        tagger = tagger_versions.serving()
        for start in range(0, len(articles), BATCH):
            batch = articles[start : start + BATCH]
            for article, suggestion in zip(batch, tagger.tag_many(batch), strict=True):
                self.stdout.write(json.dumps(answer(article["id"], suggestion), ensure_ascii=False))


def read(file):
    """All articles, or `BadLine` with the number of every line that cannot be used."""
    articles, wrong = [], []
    for number, line in enumerate(file, start=1):
        if line.strip():
            try:
                articles.append(article(line))
            except ValueError as error:
                wrong.append(f"line {number}: {error}")
    if wrong:
        raise BadLine("\n".join(wrong[:20]))
    return articles


def article(line):
    """One article of a line of JSON; `ValueError` says what it lacks."""
    try:
        raw = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 (byte {error.start})") from None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not JSON ({error})") from None
    if not isinstance(raw, dict):
        raise ValueError('an article is an object {"id", "title", "summary"?, "lang"?}')
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
