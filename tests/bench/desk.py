"""The desk's next item, its queue and its search at 1,000 and at 1,000,000 articles, through Django's own client.

One event for every twenty articles; one in ten of them waits in the queue, the rest is on record or dismissed. SQLite
in a folder of its own; `DESK_ARTICLES` names other sizes. The next item must take under 50 ms of
the processor (median); the clock's time stands beside it, as other work on the machine slows that.
"""

import logging
import os
import statistics
import subprocess
import sys
import tempfile
import time

NUMBERS = [int(number) for number in os.environ.get("DESK_ARTICLES", "1000 1000000").split()]
ROUNDS = 30
MOST = 0.05  # seconds
EACH = 20  # articles for one event

ARTICLES = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {number})
INSERT INTO tracker_article (id, url, url_key, unresolved, title, title_key, summary, html, text, author, publisher,
    language, state, model_version, attempts, trouble, published_at, first_seen_at)
SELECT i, 'https://news.example/' || i, printf('%064d', i), 0, 'Ministry statement ' || i || ' on AI chips',
    '', 'Text', '', '', '', 'Outlet ' || (i % 500), CASE WHEN i % 7 THEN 'en' ELSE 'zh-Hans' END,
    CASE WHEN i % 3 THEN 'background' ELSE 'filed' END, '', 0, '',
    datetime('2026-01-01', '+' || (i % 300) || ' days'),
    datetime('2026-01-01', '+' || (i % 300) || ' days') FROM n
"""
EVENTS = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {number})
INSERT INTO tracker_event (id, status, date, date_precision, title, title_zh, summary, summary_zh, actors, certainty,
    supersedes, sources, codebook, retracted, folded, folded_title, codes, look_again, version, dismissal, proposed_at,
    suggestion, model_version, relevance, priority, reports_count, outlets_count)
SELECT 'event-' || i, CASE WHEN i % 10 = 0 THEN 'proposed' WHEN i % 10 < 4 THEN 'accepted' ELSE 'dismissed' END,
    date('2026-01-01', '+' || (i % 300) || ' days'), 'day', 'Ministry act ' || i || ' on AI chips', '', '', '',
    '["us"]', 'reported', '[]', '[]', '', 0,
    ' ministry act ' || i || ' on ai chips ' || char(10) || ' event ' || i || ' ' || char(10) || '|',
    ' ministry act ' || i || ' on ai chips ', ' trust/-4/ ',
    '', 1, CASE WHEN i % 10 >= 4 THEN 'no_act' ELSE '' END, datetime('2026-01-01'),
    '{{"labels": [{{"rec": "trust", "direction": -1, "strength": 4, "probability": 0.8, "ticked": true,
    "because": [{{"text": "chips", "start": 0, "end": 5}}]}}]}}', 'm', 0.9, (i * 7919) % 10007, {each}, 1 FROM n
"""
REPORTS = """
INSERT INTO tracker_report (event_id, article_id, how, because, added_at)
SELECT 'event-' || ((id - 1) / {each} + 1), id, 'machine', '[]', first_seen_at FROM tracker_article
"""


def measure(number):
    """In a process of its own: fill a fresh database, then ask for pages as the desk does."""
    import django

    django.setup()
    logging.disable(logging.CRITICAL)
    from django.contrib.auth import get_user_model
    from django.core.management import call_command
    from django.db import connection
    from django.test import Client
    from django.urls import reverse

    from tracker import triage
    from tracker.models import Event

    call_command("migrate", verbosity=0)
    call_command("seed", verbosity=0, stdout=open(os.devnull, "w"))  # noqa: SIM115
    with connection.cursor() as cursor:
        for table in ("report", "articleversion", "article"):
            cursor.execute(f"DELETE FROM tracker_{table}")
        cursor.execute(ARTICLES.format(number=number))
        cursor.execute(EVENTS.format(number=max(20, number // EACH), each=EACH))
        cursor.execute(REPORTS.format(each=EACH))
        cursor.execute("ANALYZE")
    user = get_user_model().objects.create_superuser("bench")
    client = Client(headers={"host": "localhost"})
    client.force_login(user)
    waiting = list(
        Event.objects.filter(status="proposed").order_by("-priority", "pk").values_list("pk", flat=True)
    )[: ROUNDS + 2]
    figures = {
        "next item": lambda round_: client.get(reverse("desk:item", args=[waiting[round_ % len(waiting)]])),
        "claim": lambda round_: client.post(
            reverse("desk:claim", args=[waiting[round_ % len(waiting)]]),
            {"rows": waiting[round_ + 1 :][:20]},
            content_type="application/json",
            headers={"x-desk-page": "bench"},
        ),
        "whole desk": lambda round_: client.get(reverse("desk:desk")),
        "find to join": lambda round_: client.get(reverse("desk:find"), {"q": f"act {round_}"}),
        "search": lambda round_: client.get(reverse("desk:rows"), {"q": f"title:act actor:us {round_}"}),
        "decision": lambda round_: triage.dismiss(waiting[round_], user, "no_act"),
    }
    missed = False
    for name, ask in figures.items():
        own, wall = timed(ask, min(ROUNDS, len(waiting) - 1))
        missed |= name == "next item" and own > MOST
        print(
            f"{number:>9,} articles  {name:<13} {own * 1000:7.1f} ms of processor  {wall * 1000:7.1f} ms by the clock"
        )
    return missed


def timed(ask, rounds):
    """Medians of the processor's time and of the clock's."""
    ask(0)
    own, wall = [], []
    for round_ in range(1, rounds + 1):
        started, clock = time.process_time(), time.perf_counter()
        answer = ask(round_)
        own.append(time.process_time() - started)
        wall.append(time.perf_counter() - clock)
        assert getattr(answer, "status_code", 200) == 200, answer
    return statistics.median(own), statistics.median(wall)


def main():
    missed = False
    for number in NUMBERS:
        with tempfile.TemporaryDirectory() as folder:
            environment = os.environ | {
                "DATABASE_URL": f"sqlite:///{folder}/desk.sqlite3",
                "DJANGO_SETTINGS_MODULE": "tests.settings",
                "SECOND_FACTOR": "0",
                "LOG_LEVEL": "ERROR",
                "REDIS_URL": "",
            }
            command = [sys.executable, "-W", "ignore", "-m", "tests.bench.desk", str(number)]
            missed |= bool(subprocess.run(command, env=environment, check=False).returncode)
    sys.exit(missed)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit(measure(int(sys.argv[1])))
    main()
