"""The small cast of the tests of the way out: a reader, programs with keys, and events to act on."""

import json

from django.contrib.auth.models import Group

from scorecard import keys
from tracker import triage

API = "/api/v1"


def event(key, date="2025-06-01", *, rec="trust", direction=1, strength=4, **more):
    """A record in the shape of a line of the log."""
    return {
        "id": key,
        "date": date,
        "title": f"Act {key}",
        "title_zh": f"行动 {key}",
        "summary": "What happened.",
        "actors": ["us"],
        "certainty": "confirmed",
        "assessments": [
            {"rec": rec, "direction": direction, "strength": strength, "ask": None, "rationale": "Because."}
        ],
        "sources": [
            {
                "title": "Report",
                "publisher": "Gazette",
                "url": f"https://gazette.example/{key}",
                "date": date,
                "lang": "en",
            }
        ],
    } | more


def put(key, date="2025-06-01", *, why="", **more):
    """An event on record."""
    return triage.enter(event(key, date, **more), who="seed", why=why)


def account(model, name, role=None):
    user = model.objects.create_user(name, password="not used here", is_staff=True)
    if role:
        user.groups.add(Group.objects.get(name=role))
    return model.objects.get(pk=user.pk)


def key_of(account, *scopes):
    """The headers of a program that holds a key."""
    _row, text = keys.issue("a test", account, list(scopes))
    return {"HTTP_AUTHORIZATION": f"Bearer {text}"}


def get(client, path, status=200, **headers):
    answer = client.get(API + path, **headers)
    assert answer.status_code == status, (path, answer.status_code, content(answer)[:500])
    return json.loads(content(answer)) if content(answer) else None


def post(client, path, body=None, status=200, **headers):
    answer = client.post(API + path, json.dumps(body or {}), content_type="application/json", **headers)
    assert answer.status_code == status, (path, answer.status_code, content(answer)[:500])
    return json.loads(content(answer)) if content(answer) else None


def content(answer):
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def walk(client, path):
    """Every item of a list, page after page."""
    found, address = [], API + path
    while address:
        page = json.loads(client.get(address.replace("http://testserver", "")).content)
        found += page["results"]
        address = page["next"]
    return page["total"], found
