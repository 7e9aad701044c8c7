"""Who gets mails: asked for, confirmed by the address itself, ended with one click; and all that is kept of one person
who left an address.

The law: the answer never tells whether an address is known; nothing but one question to confirm is ever sent to an
address that has not confirmed, and none to one that wants none. Who ends the mails, or does not confirm in time, is
forgotten: the row goes, and with it every mail that was written to it.

What is kept of a person names every place; accounts of staff are named and left to an administrator, as decisions are
signed with them.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import override

from scorecard.alerts import following
from scorecard.alerts.following import BadWish
from scorecard.limits import none_in
from scorecard.models import Dispute, KeyHolder, Mail, Subscription, Unwanted
from tracker.codebook import current
from tracker.models import Head
from tracker.wording import words_of

SALT = "scorecard.alerts"
CONFIRM_WITHIN = 7 * 24 * 3600
ASK_AGAIN_AFTER = datetime.timedelta(hours=1)
QUESTIONS_A_DAY = 3  # that anybody may cause to an address that has confirmed: they may all be a stranger's


def checked(email: str, rhythm: str, language: str, followed: Mapping[str, Any]) -> dict[str, Any]:
    """The wish in its checked form, `followed` after `following.checked`; `BadWish` otherwise, with everything that is
    wrong with it."""
    found = none_in(
        {
            "email": lambda: address(email),
            "rhythm": lambda: following.among("rhythm", [rhythm], Subscription.Rhythm.values)[0],
            "followed": lambda: following.checked(followed),
        }
    )
    return {
        "email": found["email"],
        "rhythm": found["rhythm"],
        "language": language if language in dict(settings.LANGUAGES) else current().languages[0],
        **found["followed"],
    }


def address(email: str) -> str:
    """An address as it is kept; `BadWish` where it is none."""
    email = email.strip()
    try:
        validate_email(email)
    except ValidationError:
        raise BadWish("email", _("This is not an e-mail address.")) from None
    if len(email) > 254:
        raise BadWish("email", _("This is not an e-mail address."))
    return email.lower()


def lately() -> int:
    """How many addresses were written down since this time yesterday and have not confirmed."""
    since = timezone.now() - datetime.timedelta(1)
    return Subscription.objects.filter(asked_at__gt=since, confirmed_at=None).count()


def ask(wish: dict[str, Any]) -> None:
    """Keep the wish, on top of what the address follows or has asked for, and write the mail that asks to confirm."""
    now = timezone.now()
    if is_unwanted(wish["email"]):
        return
    with transaction.atomic():
        row, made = Subscription.objects.select_for_update().get_or_create(
            email=wish["email"], defaults={"language": wish["language"], "asked_at": now}
        )
        # Who has not confirmed was told that no further mail comes; who has gets one for each change of a wish.
        again = ASK_AGAIN_AFTER if row.active else datetime.timedelta(seconds=CONFIRM_WITHIN)
        asked_lately = not made and (row.asked_at > now - again or _asked_enough(row, now))
        before = row.wanted or (following.of(row) if row.active else None)
        told = {name: wish[name] for name in ("rhythm", "language")}
        row.wanted = told | following.joined(before, wish)
        if not asked_lately:
            row.asked_at = now
        row.save(update_fields=["wanted", "asked_at"])
        if asked_lately:
            return
        with override(wish["language"]):
            place = _public(reverse("alerts:confirm", args=[token(row, "confirm")]))
            never = off_address(row)
            Mail.objects.create(
                subscription=row,
                period=f"confirm:{now.isoformat(timespec='seconds')}",
                first=0,
                last=0,
                subject=_("Please confirm: mails from %(title)s") % {"title": words_of(current().title)},
                body=_(
                    "Somebody, we hope you, asked for mails about changes of the scorecard.\n\n"
                    "Confirm here, within %(days)s days:\n%(address)s\n\n"
                    "If it was not you, do nothing: your address is deleted after these days, and until then no "
                    "further mail will come. So that none ever comes:\n%(never)s\n"
                )
                % {"address": place, "never": never, "days": CONFIRM_WITHIN // 86400},
            )


def _asked_enough(row: Subscription, now: datetime.datetime) -> bool:
    questions = Mail.objects.filter(subscription=row, period__startswith="confirm:")
    return questions.filter(written_at__gt=now - datetime.timedelta(days=1)).count() >= QUESTIONS_A_DAY


def confirm(given: Subscription) -> bool:
    """The address has confirmed: from now on it gets what it asked for last. False where it has ended meanwhile."""
    with transaction.atomic():
        row = Subscription.objects.select_for_update().filter(pk=given.pk).first()
        if row is None:
            return False
        for name, value in (row.wanted or {}).items():
            setattr(row, name, value)
        if not row.active:
            head = Head.objects.filter(id=1).first()
            row.told = head.sequence if head else 0
        # What was not on the calendar before begins with the days that are near.
        row.reminded = row.reminded or timezone.now().date()
        row.wanted, row.ended_at = None, None
        row.confirmed_at = row.confirmed_at or timezone.now()
        row.save()
    return True


def end(row: Subscription) -> None:
    """Forget the address and every mail to it. One that never confirmed is not asked again either."""
    with transaction.atomic():
        if row.confirmed_at is None:
            Unwanted.objects.get_or_create(digest=digest(row.email))
        Subscription.objects.filter(pk=row.pk).delete()


def stop(given: Subscription, key: str) -> None:
    """No longer follow one of the things that a subscription follows (`following.told`); with the last one it ends."""
    with transaction.atomic():
        row = Subscription.objects.select_for_update().filter(pk=given.pk).first()
        if row is None:  # it has ended meanwhile
            return
        left = following.without(following.of(row), key)
        if left is None:
            end(row)
            return
        for name, value in left.items():
            setattr(row, name, value)
        row.save(update_fields=[*left])


def forget(now: datetime.datetime | None = None) -> int:
    """Delete what was not confirmed in time, and what ended under a release that kept it; how many."""
    horizon = (now or timezone.now()) - datetime.timedelta(seconds=CONFIRM_WITHIN)
    late = Q(confirmed_at=None, asked_at__lt=horizon)
    return (
        Subscription.objects.filter(late | Q(ended_at__isnull=False))
        .delete()[1]
        .get("scorecard.Subscription", 0)
    )


def is_unwanted(email: str) -> bool:
    keys = (settings.LOT_KEY, settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return Unwanted.objects.filter(digest__in=[digest(email, key) for key in keys]).exists()


def digest(email: str, key: str | None = None) -> str:
    """What is kept instead of an address: it is known again, and tells nobody which it was. By the one key that stays
    when others change."""
    found = salted_hmac(SALT, email.strip().lower(), secret=key or settings.LOT_KEY, algorithm="sha256")
    return found.hexdigest()


def token(row: Subscription, deed: str) -> str:
    return signing.dumps([row.pk, deed], salt=SALT)


def speaks_of(text: str, deed: str) -> int | None:
    """The number of the subscription that a token speaks for, which may be gone; None when it is not ours."""
    try:
        key, meant = signing.loads(text, salt=SALT, max_age=CONFIRM_WITHIN if deed == "confirm" else None)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return key if meant == deed and isinstance(key, int) else None


def behind(text: str, deed: str) -> Subscription | None:
    """The subscription that a token speaks for; None when it is not ours, for another deed, too old, or over."""
    key = speaks_of(text, deed)
    return None if key is None else Subscription.objects.filter(pk=key).first()


def off_address(row: Subscription) -> str:
    with override(row.language):
        return _public(reverse("alerts:off", args=[token(row, "off")]))


def _public(path: str) -> str:
    return settings.SITE_URL.rstrip("/") + path


def kept_of(email: str) -> dict[str, int]:
    """How many rows hold the address, by what they are."""
    email = email.strip()
    return {
        "subscriptions": Subscription.objects.filter(email__iexact=email).count(),
        "mails to the subscription": Mail.objects.filter(subscription__email__iexact=email).count(),
        "letters": Mail.objects.filter(email__iexact=email).count(),
        "keys to read with": KeyHolder.objects.filter(email__iexact=email).count(),
        "disputes that wait for an answer to it": Dispute.objects.filter(email__iexact=email).count(),
        "accounts of staff": get_user_model().objects.filter(email__iexact=email).count(),
    }


def forget_person(email: str, *, never: bool = False) -> None:
    """Delete the address everywhere but in accounts; with `never` nothing is ever sent to it again."""
    email = email.strip()
    with transaction.atomic():
        Mail.objects.filter(email__iexact=email).delete()
        Dispute.objects.filter(email__iexact=email).update(email="")
        Subscription.objects.filter(email__iexact=email).delete()
        KeyHolder.objects.filter(email__iexact=email).delete()
        if never:
            Unwanted.objects.get_or_create(digest=digest(email))
