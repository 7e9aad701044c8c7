"""Real proposals: titles of the labelled articles, each of another act, as the machine proposes them."""

import datetime
import json
from pathlib import Path

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group

from tracker import tagger_versions, triage
from tracker.models import Article

SEEDS = Path(__file__).resolve().parents[3] / "seeds/articles.jsonl"
PASSWORD = "correct horse battery staple"


def propose(number):
    """So many proposals from so many acts, the days of November 2026 for dates; their ids."""
    tagger, made, seen = tagger_versions.from_seeds(), [], set()
    with SEEDS.open() as lines:
        for line in lines:
            raw = json.loads(line)
            key = raw.get("event")
            if not key or key in seen:
                continue
            seen.add(key)
            made.append(_proposal(tagger, raw, len(made)))
            if len(made) == number:
                break
    return made


def _proposal(tagger, raw, place):
    suggestion = tagger.tag(raw["title"], "", raw["lang"], raw["publisher"])
    article = Article.objects.create(
        title=raw["title"],
        publisher=raw["publisher"],
        language=raw["lang"],
        url=f"https://news.example/{place}",
        url_key=f"desk{place:060}",
        state="filed",
    )
    return triage.propose(
        title=raw["title"],
        date=datetime.date(2026, 11, 1) + datetime.timedelta(days=place % 20),
        articles=[article],
        suggestion=suggestion.as_dict(),
        relevance=suggestion.relevance,
        language=raw["lang"],
    ).pk


def people(**roles):
    """One account for each name, in the group of its role."""
    for name, role in roles.items():
        user = get_user_model().objects.create_user(
            name, password=PASSWORD, is_staff=True, first_name=name.title()
        )
        user.groups.add(Group.objects.get(name=role))
