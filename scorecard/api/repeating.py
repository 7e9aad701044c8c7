"""`Idempotency-Key`: the same request sent again is answered as it was, and nothing is done twice.

The law: the deed and its stored answer are of one transaction, so that there is never one without the other. What was
refused is not stored: nothing happened, and the request may come again under its name.
"""

from __future__ import annotations

import datetime
import functools
import hashlib
import re
from collections.abc import Callable
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.http import HttpResponse
from django.utils import timezone

from scorecard import conditional
from scorecard.api.problems import InProgress, Invalid, KeyReused
from scorecard.models import Answered

HEADER = "Idempotency-Key"
NAME = re.compile(r"[!-~]{1,255}")  # what ASCII shows
KEPT = datetime.timedelta(hours=24)
LEASE = datetime.timedelta(seconds=60)  # whoever began the deed longer ago is dead


def once(post: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Wrap a deed of a program that holds a key."""

    @functools.wraps(post)
    def wrapped(self: Any, request: Any, **place: Any) -> HttpResponse:
        name = request.headers.get(HEADER)
        if name is not None and not NAME.fullmatch(name):
            raise Invalid([{"name": HEADER, "reason": "1 to 255 visible ASCII characters"}])
        if name is None or request.query_params.get("dry_run") == "true":
            return post(self, request, **place)
        if request.auth is None:
            raise Invalid([{"name": HEADER, "reason": "answers are only kept for requests with a key"}])
        asked = hashlib.sha256(
            f"{request.method} {request.get_full_path()}\n".encode() + request._request.body
        ).hexdigest()
        row = _claimed(request.auth, name, asked)
        if row.status is not None:
            return _again(row)
        try:
            with transaction.atomic():
                answer = post(self, request, **place)
                Answered.objects.filter(pk=row.pk).update(
                    status=answer.status_code,
                    body=answer.content.decode(),
                    location=answer.headers.get("Location", ""),
                )
        except BaseException:
            Answered.objects.filter(pk=row.pk, status=None).delete()
            raise
        return answer

    return wrapped


def _claimed(key: Any, name: str, asked: str) -> Answered:
    """The row of this request: a new one, or the one that holds its answer."""
    Answered.objects.filter(begun_at__lt=timezone.now() - KEPT).delete()
    try:
        with transaction.atomic():
            return Answered.objects.create(key=key, name=name, request=asked)
    except IntegrityError:
        row = Answered.objects.filter(key=key, name=name).first()
    if row is None:
        raise InProgress(f"{HEADER}: the request before was just given up. Send it again.")
    if row.request != asked:
        raise KeyReused(f"{HEADER}: {name[:60]!r} was sent before with another request. Take a new one.")
    if row.status is None:
        stale = Answered.objects.filter(pk=row.pk, status=None, begun_at__lt=timezone.now() - LEASE)
        if not stale.update(begun_at=Now()):
            raise InProgress(f"{HEADER}: this request is being answered just now. Send it again in a moment.")
    return row


def _again(row: Answered) -> HttpResponse:
    answer = HttpResponse(row.body, status=row.status, content_type=conditional.JSON)
    if row.location:
        answer.headers["Location"] = row.location
    answer.headers["Idempotency-Replayed"] = "true"
    return answer
