"""What somebody follows, and who gets mails about it: asked for, confirmed by the address itself, ended with one click;
and all that is kept of one person who left an address.

The law of what is followed (changes of acts by recommendation and actor, single acts with what follows them, searches,
the calendar of what comes next): mails and webhooks ask here and nowhere else, so that one wish means the same in both.
A change is told where any of the wish fits the act as it is or as it was, so that nobody misses the end of what they
followed.

The law of addresses: the answer never tells whether an address is known; nothing but one question to confirm is ever
sent to an address that has not confirmed, and none to one that wants none. Who ends the mails, or does not confirm in
time, is forgotten: the row goes, and with it every mail that was written to it.

What is kept of a person names every place; accounts of staff are named and left to an administrator, as decisions are
signed with them.
"""

from __future__ import annotations

import datetime
import logging
from collections.abc import Mapping, Sequence
from functools import cached_property
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
from django.utils.translation import override, pgettext

from scorecard import acts, footing, sentences, vocabulary
from scorecard.limits import Fault, none_in
from scorecard.models import Dispute, KeyHolder, Mail, Subscription, Unwanted, Webhook
from tracker import record
from tracker.codebook import current
from tracker.models import Event, Head
from tracker.record import Record
from tracker.search import EventQuery, SearchError, codes_of
from tracker.text import words_of as searched_words
from tracker.wording import words_of

logger = logging.getLogger(__name__)

Row = Subscription | Webhook
FIELDS = ("changes", "recommendations", "actors", "acts", "searches", "calendar")
MOST_ACTS = 50
MOST_SEARCHES = 20
SALT = "scorecard.alerts"
CONFIRM_WITHIN = 7 * 24 * 3600
ASK_AGAIN_AFTER = datetime.timedelta(hours=1)
QUESTIONS_A_DAY = 3  # that anybody may cause to an address that has confirmed: they may all be a stranger's


class BadWish(Fault):
    """A wish that cannot be kept; `field` names what is wrong with it."""


def checked_wish(given: Mapping[str, Any]) -> dict[str, Any]:
    """What is followed in its checked form, by `FIELDS`; `BadWish` with everything that is wrong with it. Without a
    word about `changes` they are followed where recommendations or actors are chosen, or nothing else is."""
    found = none_in(
        {
            "recommendations": lambda: among(
                "recommendations", given.get("recommendations", []), current().slugs
            ),
            "actors": lambda: among("actors", given.get("actors", []), current().actor_slugs),
            "acts": lambda: _acts(given.get("acts", [])),
            "searches": lambda: _searches(given.get("searches", [])),
        }
    )
    found["calendar"] = bool(given.get("calendar"))
    chosen = bool(found["recommendations"] or found["actors"])
    others = bool(found["acts"] or found["searches"] or found["calendar"])
    changes = given.get("changes")
    found["changes"] = chosen or (not others if changes is None else bool(changes))
    if not (found["changes"] or others):
        raise BadWish("changes", _("Mark at least one thing to follow."))
    return found


def among(field: str, given: Sequence[str], allowed: Sequence[str]) -> list[str]:
    """What was chosen, in the order of what may be chosen."""
    if set(given) - set(allowed):
        raise BadWish(field, _("Choose one of: %(allowed)s.") % {"allowed": ", ".join(allowed)})
    return [value for value in allowed if value in given]


def _acts(given: Sequence[str]) -> list[str]:
    found = list(dict.fromkeys(given))
    if len(found) > MOST_ACTS:
        raise BadWish("acts", _("At most %(most)d acts can be followed.") % {"most": MOST_ACTS})
    known = set(Event.objects.accepted().filter(pk__in=record.ids(found)).values_list("pk", flat=True))
    for each in found:
        if each not in known:
            raise BadWish("acts", _("No act on record has the id “%(id)s”.") % {"id": each[:100]})
    return found


def _searches(given: Sequence[str]) -> list[str]:
    found = list(dict.fromkeys(" ".join(text.split()) for text in given if text.strip()))
    if len(found) > MOST_SEARCHES:
        raise BadWish("searches", _("At most %(most)d searches can be followed.") % {"most": MOST_SEARCHES})
    for text in found:
        try:
            EventQuery.read(text)
        except SearchError as problem:
            raise BadWish("searches", str(problem)) from None
    return found


def joined_wishes(before: Mapping[str, Any] | None, wish: Mapping[str, Any]) -> dict[str, Any]:
    """A new wish on top of what was followed before: acts, searches and the calendar come to it, and what all changes
    are narrowed to is what was asked for last. Of too many acts or searches the newest stay, as to say so would tell
    whether an address is known."""
    before = before or {}
    last = wish if wish["changes"] or not before else before
    return {
        "changes": bool(last.get("changes", True)),
        "recommendations": list(last.get("recommendations", [])),
        "actors": list(last.get("actors", [])),
        "acts": list(dict.fromkeys([*before.get("acts", []), *wish["acts"]]))[-MOST_ACTS:],
        "searches": list(dict.fromkeys([*before.get("searches", []), *wish["searches"]]))[-MOST_SEARCHES:],
        "calendar": bool(before.get("calendar") or wish["calendar"]),
    }


def wish_of(row: Row) -> dict[str, Any]:
    """What a row follows."""
    return {name: getattr(row, name) for name in FIELDS}


def told_wish(wish: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What is followed: (key, words in the reader's language) of each thing."""
    found = []
    if wish.get("changes", True):
        names = [vocabulary.short_name(slug) for slug in wish.get("recommendations", ())]
        actors = [vocabulary.actor(actor) for actor in wish.get("actors", ())]
        narrowed = pgettext("joint of clauses", "; ").join(
            sentences.enumerated(each) for each in (names, actors) if each
        )
        words = _("Changes: %(of)s") % {"of": narrowed} if narrowed else _("All changes")
        found.append(("changes", words))
    rows = Event.objects.filter(pk__in=wish.get("acts", ())).values("id", "title", "title_zh")
    titles = {row["id"]: acts.title(row) for row in rows}
    for each in wish.get("acts", ()):
        words = _("%(title)s, and what follows it") % {"title": titles.get(each, each)}
        found.append((f"act:{each}", words))
    for text in wish.get("searches", ()):
        found.append((f"search:{text}", _("Search: %(words)s") % {"words": text}))
    return [*found, ("calendar", _("What comes next"))] if wish.get("calendar") else found


def wish_without(wish: Mapping[str, Any], key: str) -> dict[str, Any] | None:
    """What is left to follow without one thing; None where nothing is."""
    kind, _colon, which = key.partition(":")
    left = dict(wish)
    if kind in ("changes", "calendar"):
        left[kind] = False
    elif kind in ("act", "search"):
        name = {"act": "acts", "search": "searches"}[kind]
        left[name] = [each for each in wish[name] if each != which]
    return left if any(left[name] for name in ("changes", "acts", "searches", "calendar")) else None


class Follower:
    """Which changes are to be told to whom. What it looks up of the record it looks up once for all who follow."""

    def __init__(self) -> None:
        self._families: dict[str, set[str]] = {}

    def mine(self, row: Row, changes: Sequence[acts.Changed]) -> list[acts.Changed]:
        """Of the changes those that fit what the row follows."""
        queries = [query for query in map(self._query, row.searches) if query is not None]
        family = set().union(*map(self._family, row.acts))
        return [
            changed
            for changed in changes
            if changed.record["id"] in family
            or any(_fits(row, line) or _found(queries, line) for line in changed.lines)
        ]

    def _query(self, text: str) -> EventQuery | None:
        try:
            return EventQuery.read(text)
        except SearchError as problem:  # it could be read when it was asked for: the codebook has moved on
            logger.warning("a search that somebody follows cannot be read any more: %s", problem)
            return None

    def _family(self, event: str) -> set[str]:
        if event not in self._families:
            self._families[event] = acts.successors(self._latest.values(), event)
        return self._families[event]

    @cached_property
    def _latest(self) -> dict[str, Record]:
        return {line[0]["id"]: line[0] for line in footing.bodies()}


def _fits(row: Row, line: Record) -> bool:
    if not row.changes:
        return False
    mine = not row.recommendations or any(item["rec"] in row.recommendations for item in line["assessments"])
    return mine and (not row.actors or any(actor in line["actors"] for actor in row.actors))


def _found(queries: Sequence[EventQuery], line: Record) -> bool:
    if not queries:
        return False
    words, codes = searched_words(line), codes_of(line["assessments"])
    return any(query.matches(words, codes, line) for query in queries)


def checked(email: str, rhythm: str, language: str, followed: Mapping[str, Any]) -> dict[str, Any]:
    """The wish in its checked form, `followed` after `checked_wish`; `BadWish` otherwise, with everything that is
    wrong with it."""
    found = none_in(
        {
            "email": lambda: address(email),
            "rhythm": lambda: among("rhythm", [rhythm], Subscription.Rhythm.values)[0],
            "followed": lambda: checked_wish(followed),
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
        before = row.wanted or (wish_of(row) if row.active else None)
        told = {name: wish[name] for name in ("rhythm", "language")}
        row.wanted = told | joined_wishes(before, wish)
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
    """No longer follow one of the things that a subscription follows (`told_wish`); with the last one it ends."""
    with transaction.atomic():
        row = Subscription.objects.select_for_update().filter(pk=given.pk).first()
        if row is None:  # it has ended meanwhile
            return
        left = wish_without(wish_of(row), key)
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
