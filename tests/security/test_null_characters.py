"""What PostgreSQL takes no text or number for, anywhere in a request, is refused, and nothing breaks: a NUL, half of a
surrogate pair, a number beyond all measure."""

import pytest

from tests.service import Service

pytestmark = [pytest.mark.slow, pytest.mark.servers]
WALK = """
import json
from django.contrib.auth import get_user_model
from django.test import Client
from scorecard import keys
from tests.security import addresses
from tracker.models import Event

settings.SECOND_FACTOR = False
ada = get_user_model().objects.create_superuser("ada", password="correct horse battery")
key, text = keys.issue("all", ada, ["read", "propose", "decide", "import", "webhooks"])
inside, outside = Client(raise_request_exception=False), Client(raise_request_exception=False)
inside.force_login(ada, "django.contrib.auth.backends.ModelBackend")
bearer = {"Authorization": f"Bearer {text}"}
known = {"event_id": Event.objects.order_by("id").first().id}
NAMES = "q id cursor known_at as_of actor recommendation fields order slug name next page e o p _popup".split()
NAMES += "title url status__exact state tab only without on limit after source author year rhythm_exact".split()
NULLS = "&".join(f"{name}=a%00b" for name in NAMES)
LARGE = "9" * 30
NUMBERS = "&".join(f"{name}={LARGE}" for name in NAMES)
bad = []

def asked(address, path, methods=("get", "post")):
    client = inside if address.is_inside else outside
    headers = bearer if address.is_api else {}
    for method in methods:
        for data in BODIES if method == "post" else [""]:
            body = {"content_type": "application/json", "data": data} if data else {}
            status = getattr(client, method)(path, headers=headers, **body).status_code
            if status >= 500:
                bad.append((method, path[:150], data[:30], status))
    for value in ("a" + chr(0) + "b", LARGE) if "post" in methods and not address.is_api else ():
        status = client.post(path, dict.fromkeys([*NAMED, *FIELDS], value)).status_code
        if status >= 500:
            bad.append(("form", path[:150], value[:5], status))

NAMED = "event title email url why deed id rec reason rhythm claim source name date language key username".split()
FIELDS = "q tab note shown picking undo asked said on until version decision back forget order address article".split()
FIELDS += "acts searches recommendations actors strength direction stop website count skip make add code next".split()
def body_with(value):
    lists = {"records": [{"id": value}], "events": [value], "keys": {str(value): value}}
    return json.dumps(dict.fromkeys(NAMED, value) | lists)

BODIES = [body_with("a" + chr(0) + "b"), body_with(chr(0xD800)), body_with(int(LARGE))]
for address in addresses.every(**known):
    if "logout" in address.path:
        continue
    asked(address, f"{address.path}?{NULLS}")
    asked(address, address.path, ["post"])
    asked(address, f"{address.path}?{NUMBERS}", ["get"])
    for one in ("q", "cursor", "p", "o", "next", "title") if address.is_inside or address.is_api else ():
        asked(address, f"{address.path}?{one}=a%00b", ["get"])
    for gap in address.parts:
        for value in ("a%00b", LARGE):
            for broken in addresses.every(**(known | {gap: value})):
                if broken.name == address.name:
                    asked(address, broken.path, ["get"])
wish = {"email": "reader@a.example", "rhythm": "weekly", "acts": ["a" + chr(0) + "b"]}
status = outside.post("/api/v1/subscriptions/", json.dumps(wish), content_type="application/json").status_code
if status not in (400, 422):
    bad.append(("wish", "/api/v1/subscriptions/", "acts", status))
answer = bad[:40]
"""


@pytest.fixture(scope="module")
def service(tmp_path_factory, postgres_server):
    with Service(
        tmp_path_factory.mktemp("nulls"),
        API_RATE_KEY="1000000",
        API_RATE_ANONYMOUS="1000000",
        ALLOWED_HOSTS="testserver",
    ).filled(postgres_server) as service:
        yield service


def test_no_address_breaks_over_what_the_database_cannot_hold(service):
    assert service.ask(f"from django.conf import settings\n{WALK}") == []
