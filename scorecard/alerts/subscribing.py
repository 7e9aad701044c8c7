"""Who gets mails: asked for, confirmed by the address itself, ended with one click.

The law: the answer never tells whether an address is known; nothing but a question to confirm is ever sent to
an address that has not confirmed; and one address is asked at most once an hour.
"""

from __future__ import annotations

import datetime
from typing import Any

from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from scorecard.models import Mail, Subscription
from tracker.codebook import current
from tracker.models import Head
from tracker.wording import words_of

SALT = "scorecard.alerts"
CONFIRM_WITHIN = 7 * 24 * 3600
ASK_AGAIN_AFTER = datetime.timedelta(hours=1)


class BadWish(ValueError):
    """A wish that cannot be kept; `field` names what is wrong with it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def checked(
    email: str, rhythm: str, recommendations: list[str], actors: list[str], language: str
) -> dict[str, Any]:
    """The wish in its checked form; `BadWish` otherwise."""
    email = email.strip()
    try:
        validate_email(email)
    except ValidationError:
        raise BadWish("email", _("This is not an e-mail address.")) from None
    if len(email) > 254:
        raise BadWish("email", _("This is not an e-mail address."))
    if rhythm not in Subscription.Rhythm.values:
        raise BadWish(
            "rhythm", _("Choose one of: %(allowed)s.") % {"allowed": ", ".join(Subscription.Rhythm.values)}
        )
    for field, given, allowed in (
        ("recommendations", recommendations, current().slugs),
        ("actors", actors, current().actor_slugs),
    ):
        if set(given) - set(allowed):
            raise BadWish(field, _("Choose one of: %(allowed)s.") % {"allowed": ", ".join(allowed)})
    return {
        "email": email.lower(),
        "rhythm": rhythm,
        "recommendations": [slug for slug in current().slugs if slug in recommendations],
        "actors": [actor for actor in current().actor_slugs if actor in actors],
        "language": language if language in dict(settings.LANGUAGES) else current().languages[0],
    }


def ask(wish: dict[str, Any]) -> None:
    """Keep the wish and write the mail that asks the address to confirm it."""
    now = timezone.now()
    with transaction.atomic():
        row, made = Subscription.objects.select_for_update().get_or_create(
            email=wish["email"], defaults={"language": wish["language"], "asked_at": now}
        )
        asked_lately = not made and row.asked_at > now - ASK_AGAIN_AFTER
        row.wanted = {name: wish[name] for name in ("rhythm", "recommendations", "actors", "language")}
        if not asked_lately:
            row.asked_at = now
        row.save(update_fields=["wanted", "asked_at"])
        if asked_lately:
            return
        with override(wish["language"]):
            address = _public(reverse("alerts:confirm", args=[token(row, "confirm")]))
            Mail.objects.create(
                subscription=row,
                period=f"confirm:{now.isoformat(timespec='seconds')}",
                first=0,
                last=0,
                subject=_("Please confirm: mails from %(title)s") % {"title": words_of(current().title)},
                body=_(
                    "Somebody, we hope you, asked for mails about changes of the scorecard.\n\n"
                    "Confirm here, within %(days)s days:\n%(address)s\n\n"
                    "If it was not you, do nothing: no further mail will come.\n"
                )
                % {"address": address, "days": CONFIRM_WITHIN // 86400},
            )


def confirm(row: Subscription) -> None:
    """The address has confirmed: from now on it gets what it asked for last."""
    with transaction.atomic():
        row = Subscription.objects.select_for_update().get(pk=row.pk)
        for name, value in (row.wanted or {}).items():
            setattr(row, name, value)
        if not row.active:
            head = Head.objects.filter(id=1).first()
            row.told = head.sequence if head else 0
        row.wanted, row.ended_at = None, None
        row.confirmed_at = row.confirmed_at or timezone.now()
        row.save()


def end(row: Subscription) -> None:
    Subscription.objects.filter(pk=row.pk, ended_at=None).update(ended_at=timezone.now(), wanted=None)


def token(row: Subscription, deed: str) -> str:
    return signing.dumps([row.pk, deed], salt=SALT)


def behind(text: str, deed: str) -> Subscription | None:
    """The subscription that a token speaks for; None when it is not ours, for another deed, or too old."""
    try:
        key, meant = signing.loads(text, salt=SALT, max_age=CONFIRM_WITHIN if deed == "confirm" else None)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return Subscription.objects.filter(pk=key).first() if meant == deed else None


def off_address(row: Subscription) -> str:
    with override(row.language):
        return _public(reverse("alerts:off", args=[token(row, "off")]))


def _public(path: str) -> str:
    return settings.SITE_URL.rstrip("/") + path
