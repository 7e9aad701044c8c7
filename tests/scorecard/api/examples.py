"""Makes the examples of the API's description anew, from a seeded service that it starts and writes to.

    python -m tests.scorecard.api.examples > examples.json && mv examples.json seeds/

They are true answers, with all but the first few items of long lists left out. The tests hold each of them to the
description of its operation.
"""

import json
import os
import sys
import tempfile
import urllib.request

import django
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from scorecard import verify

EVENT = "2025-05-12-geneva-tariff-truce"
PROPOSED = "2026-05-01-a-new-law-enters-into-force"
DAY = "as_of=2026-01-31&known_at=2026-07-31"
READ = {
    "start": "", "recommendations": "recommendations/", "recommendation": "recommendations/trust/",
    "scores": f"scores/?{DAY}", "score": f"scores/trust/?{DAY}",
    "contributions": f"scores/trust/contributions/?{DAY}&limit=2", "views": f"views/?{DAY}",
    "series": f"series/?{DAY}&recommendation=trust&every=180",
    "waterfall": "waterfall/?earlier=2025-10-31&later=2026-01-31&recommendation=trust",
    "events": "events/?recommendation=trust&first=2025-05-01&last=2025-05-31&limit=1", "event": f"events/{EVENT}/",
    "event_history": f"events/{EVENT}/history/", "articles": "articles/?limit=1", "sources": "sources/",
    "changes": "changes/?limit=1", "method": "method/", "codebook": "codebook/", "cues": "cues/",
    "coverage": "coverage/", "heads": "heads/?days=1", "agreement": "agreement/", "next": "next/",
    "exports": "exports/", "editions": "editions/?limit=1",
    "edition": "editions/DAY/", "edition_key": "editions/key/", "disputes": "disputes/?limit=1",
    "dispute": "disputes/REFERENCE/", "proposals": "proposals/?limit=1", "webhooks": "webhooks/",
    "webhook": "webhooks/WEBHOOK/", "webhook_deliveries": "webhooks/WEBHOOK/deliveries/",
}  # fmt: skip
WRITTEN = {
    "proposal_create": "proposals/", "decide": f"events/{PROPOSED}/decisions/", "import": "imports/",
    "dispute_create": "disputes/", "subscription_create": "subscriptions/", "webhook_create": "webhooks/",
    "webhook_rotate": "webhooks/WEBHOOK/rotate/", "webhook_enable": "webhooks/WEBHOOK/enable/",
    "webhook_ping": "webhooks/WEBHOOK/ping/", "webhook_resend": "webhooks/WEBHOOK/deliveries/MESSAGE/resend/",
    "proposals_create": "proposals/file/", "countersign": "heads/",
}  # fmt: skip
FEW = 2
SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"  # the one of the specification of Standard Webhooks
MOVED = {
    "id": "2025-05-12-truce-of-geneva",
    "merged_into": EVENT,
    "location": f"https://scorecard.example/api/v1/events/{EVENT}/",
}
APART = ("event_moved", "decide_waits")
WAITS = {
    "why": ["It turns the word of Rebuild Trust from “Undermined” to “Contested”."],
    "detail": "A colleague has to sign it. It waits under “Second person”.",
}
MIRROR = Ed25519PrivateKey.from_private_bytes(b"\x09" * 32)
WITNESS = MIRROR.public_key().public_bytes_raw().hex()
SEVEN, ACTORS = ("trust", "civilian-first"), ("us", "china")


def collected(address, key):
    """operation → a true answer, shortened."""
    bodies = {}
    for path in asked(address, key, "schema/")["paths"].values():
        for operation in path.values():
            for content in operation.get("requestBody", {}).get("content", {}).values():
                one = next(iter(content["examples"].values()))["value"]
                bodies.setdefault(operation["operationId"], one)
    bodies["countersign"] = countersignature(asked(address, key, "heads/?days=1")["results"][0])
    found, places = {}, {"DAY": asked(address, key, "editions/?limit=1")["results"][0]["day"]}
    for name, path in WRITTEN.items():
        answer = asked(address, key, placed(path, places), bodies.get(name, {}))
        found[name] = answer
        places |= {"REFERENCE": answer["reference"]} if "reference" in answer else {}
        places |= {"WEBHOOK": str(answer["id"])} if name == "webhook_create" else {}
        places |= {"MESSAGE": answer["message"]} if "message" in answer else {}
    for name, path in READ.items():
        found[name] = asked(address, key, placed(path, places))
    found |= {"event_moved": MOVED, "decide_waits": found["decide"] | WAITS}
    return {name: shortened(found[name]) for name in (*READ, *WRITTEN, *APART)}


def countersignature(head):
    """What a mirror states of the head."""
    said = {name: head[name] for name in ("sequence", "digest")} | {"seen": head["day"]}
    return {**said, "key": WITNESS, "signature": MIRROR.sign(verify.statement(said)).hex()}


def placed(path, places):
    for name, value in places.items():
        path = path.replace(name, value)
    return path


def asked(address, key, path, body=None):
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    if isinstance(body, str):  # a file
        headers["Content-Type"], data = "application/jsonl", body.encode()
    request = urllib.request.Request(f"{address}/api/v1/{path}", data, headers)
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read().decode().replace(address, "https://scorecard.example"))


def shortened(value):
    """The first items of every list; of what there is for each of the seven or each actor, one or two."""
    if isinstance(value, list):
        return [shortened(each) for each in value[:FEW]]
    if not isinstance(value, dict):
        return round(value, 4) if isinstance(value, float) else value
    for most in (SEVEN, ACTORS):
        if len(value) > FEW and set(most) <= set(value):
            return {name: shortened(value[name]) for name in most[:1]}
    return {name: SECRET if name == "secret" else shortened(each) for name, each in value.items()}


SCOPES = [part for scope in ("propose", "decide", "import", "webhooks") for part in ("--scope", scope)]
MAKES_ADA = f"""
from django.contrib.auth import get_user_model
get_user_model().objects.create_superuser("ada", password="x")
from scorecard.models import Witness
Witness.objects.create(name="University library", key="{WITNESS}")
answer = 1
"""


def main():
    """Written to standard output."""
    from tests.service import Service  # it needs settings

    with tempfile.TemporaryDirectory() as folder, Service(folder, SIGNING_KEY="07" * 32) as service:
        service.manage("migrate", "-v0")
        service.manage("seed", "-v0")
        service.manage("edition", "make", "2026-01-31")
        service.ask(MAKES_ADA)
        key = service.manage("keys", "issue", "examples", "--account", "ada", *SCOPES).strip()
        service.start_web()
        json.dump(collected(service.address, key), sys.stdout, ensure_ascii=False, indent=1)
    print()


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    main()
