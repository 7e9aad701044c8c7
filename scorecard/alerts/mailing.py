"""Mails about what changed in meaning and what comes next: the text of a digest, digests as rows, rows as mails.

The law: a row is claimed (`sending`) before the mail server is called and marked `sent` after it; a row whose sender
died in between becomes `unsure` and is never sent again by itself. So a mail may be lost with its sender, but none
comes twice. For each subscription and period there is at most one row.

Single mails to somebody who has subscribed to nothing: the answer to a dispute, the end of a webhook.

The law: for each occasion an address gets at most one, however often it is written; none holds a word that a stranger
chose; and it goes through the same box as the digests, so that none comes twice.
"""

from __future__ import annotations

import datetime
import functools
import logging
import smtplib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from scorecard import acts, reliability, sentences, standings, vocabulary
from scorecard.acts import Changed
from scorecard.ahead import REMINDED_BEFORE, Calendar, Entry, News
from scorecard.alerts import subscribing
from scorecard.alerts.subscribing import Follower
from scorecard.models import Mail, Subscription
from tracker.models import Head

logger = logging.getLogger(__name__)

LEASE = datetime.timedelta(minutes=5)
BATCH = 100
MOST_ATTEMPTS = 6
SEND_AT = 6  # o'clock, UTC
INSTANT_MINUTES = 10
KEPT = datetime.timedelta(days=30)  # of mails that are over, for questions about them
NOBODY = "@forgotten.invalid"
LISTED = 40


def period(rhythm: str, now: datetime.datetime) -> str:
    """The name of the running period: a new one begins at six o'clock (UTC), on Mondays for weekly mails."""
    if rhythm == Subscription.Rhythm.INSTANT:
        return f"instant:{int(now.timestamp()) // (60 * INSTANT_MINUTES)}"
    day = (now - datetime.timedelta(hours=SEND_AT)).date()
    if rhythm == Subscription.Rhythm.DAILY:
        return f"daily:{day}"
    year, week, _day = day.isocalendar()
    return f"weekly:{year}-W{week:02d}"


def write(now: datetime.datetime | None = None) -> int:
    """A row for each subscription whose period is over and for which something changed, or comes near; how many."""
    now = now or timezone.now()
    head = Head.objects.filter(id=1).first()
    if head is None:
        return 0
    kept: dict[int, Sequence[Changed]] = {}
    follower, calendar = Follower(), Calendar(head.sequence, now.date())
    news = functools.cache(calendar.between)
    count = 0
    owed = Q(told__lt=head.sequence) | Q(calendar=True)  # days come near without a line in the log
    for row in Subscription.objects.filter(owed, ended_at=None).exclude(confirmed_at=None).iterator(500):
        name = period(row.rhythm, now)
        if row.period == name:
            continue
        if row.told not in kept:
            kept[row.told] = acts.net_changes(row.told, head.sequence)
        coming = Coming(news(row.told), calendar.reminders(row.reminded)) if row.calendar else Coming()
        count += _write(row, name, head.sequence, follower.mine(row, kept[row.told]), coming, calendar.near)
    return count


def _write(
    row: Subscription,
    name: str,
    last: int,
    changes: Sequence[Changed],
    coming: Coming,
    near: datetime.date,
) -> bool:
    """Move the subscription on, and write its mail if there is anything to tell, in one transaction."""
    moves: dict[str, object] = {"told": last, "period": name}
    if row.calendar:
        moves["reminded"] = near
    try:
        with transaction.atomic():
            moved = Subscription.objects.filter(pk=row.pk, told=row.told, period=row.period, ended_at=None)
            if not moved.update(**moves) or not (changes or coming):
                return False
            subject, body = digest_text(row, changes, subscribing.off_address(row), coming)
            Mail.objects.create(
                subscription=row, period=name, first=row.told, last=last, subject=subject, body=body
            )
    except IntegrityError:  # another worker wrote it meanwhile
        return False
    return True


def send(limit: int = BATCH) -> int:
    """Send what is due; how many mails went out."""
    sweep()
    sent = 0
    for _turn in range(limit):
        mail = _claimed()
        if mail is None:
            break
        sent += _send(mail)
    return sent


def sweep() -> int:
    """Rows whose sender died while sending: nobody knows, so nobody sends them again."""
    dead = Mail.objects.filter(state=Mail.State.SENDING, leased_until__lt=Now())
    return dead.update(state=Mail.State.UNSURE, trouble="the sender died while sending; it may have arrived")


def _claimed() -> Mail | None:
    due = Mail.objects.filter(state=Mail.State.WAITING, next_at__lte=Now()).order_by("id")
    for key in due.values_list("pk", flat=True)[:20]:
        taken = Mail.objects.filter(pk=key, state=Mail.State.WAITING).update(
            state=Mail.State.SENDING, leased_until=Now() + LEASE, attempts=F("attempts") + 1
        )
        # It is gone when its reader has ended the mails this very moment.
        mail = Mail.objects.select_related("subscription").filter(pk=key).first() if taken else None
        if mail is not None:
            return mail
    return None


def forget(now: datetime.datetime | None = None) -> int:
    """Delete mails that are over, and take address and words out of letters that are; how many."""
    horizon = (now or timezone.now()) - KEPT
    over = Mail.objects.filter(state__in=(Mail.State.SENT, Mail.State.FAILED, Mail.State.UNSURE))
    old = over.filter(written_at__lt=horizon)
    count = old.filter(subscription__isnull=False).delete()[0]
    for mail in over.filter(subscription=None).exclude(email__endswith=NOBODY):
        # What failed may be sent again by an editor for as long as other mails are kept.
        if mail.state == Mail.State.SENT or mail.written_at < horizon:
            count += _without_address(mail)
    return count


def _without_address(mail: Mail) -> int:
    return Mail.objects.filter(pk=mail.pk).update(email=_nobody(mail.email), body="")


def _nobody(email: str) -> str:
    """What stands in a letter for an address that is forgotten: enough to know that it had its letter."""
    return f"{subscribing.digest(email)[:40]}{NOBODY}"


def _send(mail: Mail) -> bool:
    ended = mail.subscription is not None and mail.subscription.ended_at is not None
    if ended and not mail.period.startswith("confirm:"):
        return _over(mail, Mail.State.FAILED, "the subscription ended before it was sent")
    message = _message(mail)
    connection = get_connection()
    try:
        connection.open()
    except (OSError, smtplib.SMTPException) as error:  # nothing was handed over yet
        return _later(mail, f"mail server not reached: {error}")
    try:
        connection.send_messages([message])
    except smtplib.SMTPServerDisconnected as error:
        return _over(mail, Mail.State.UNSURE, f"the mail server hung up: {error}")
    except (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused) as error:
        refused = getattr(error, "smtp_code", 550) >= 500
        return _over(mail, Mail.State.FAILED, str(error)) if refused else _later(mail, str(error))
    except OSError as error:
        return _over(mail, Mail.State.UNSURE, f"the mail server fell silent: {error}")
    finally:
        connection.close()
    Mail.objects.filter(pk=mail.pk).update(state=Mail.State.SENT, sent_at=timezone.now(), trouble="")
    if mail.subscription is None:
        _without_address(mail)
    return True


def _message(mail: Mail) -> EmailMessage:
    headers = {
        "Message-ID": f"<mail-{mail.pk}@{settings.SITE_URL.partition('://')[2].split('/')[0].split(':')[0]}>"
    }
    if not mail.period.startswith("confirm:"):
        headers["Auto-Submitted"] = "auto-generated"
        if mail.subscription:
            headers["List-Unsubscribe"] = f"<{subscribing.off_address(mail.subscription)}>"
            headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return EmailMessage(mail.subject, mail.body, settings.DEFAULT_FROM_EMAIL, [mail.to], headers=headers)


def _later(mail: Mail, trouble: str) -> bool:
    """The mail was surely not taken: try again later, six times over about a day."""
    if mail.attempts >= MOST_ATTEMPTS:
        return _over(mail, Mail.State.FAILED, trouble)
    pause = datetime.timedelta(minutes=5 * 4 ** (mail.attempts - 1))
    Mail.objects.filter(pk=mail.pk).update(
        state=Mail.State.WAITING, next_at=Now() + pause, leased_until=None, trouble=trouble[:300]
    )
    return False


def _over(mail: Mail, state: str, trouble: str) -> bool:
    logger.warning("mail %s (%s): %s: %s", mail.pk, mail.period, state, trouble)
    Mail.objects.filter(pk=mail.pk).update(state=state, trouble=trouble[:300], leased_until=None)
    return False


def send_again(mails: Sequence[Mail]) -> int:
    """An editor decided that mails which failed or may be lost go out once more."""
    stuck = Q(state__in=(Mail.State.UNSURE, Mail.State.FAILED)) & ~Q(email__endswith=NOBODY)
    return Mail.objects.filter(stuck, pk__in=[mail.pk for mail in mails]).update(
        state=Mail.State.WAITING, next_at=Now(), attempts=0, trouble=""
    )


def letters(email: str, occasion: str, since: datetime.datetime) -> int:
    """How many letters on such occasions an address has been written since then, those without its words too."""
    found = Mail.objects.filter(subscription=None, email__in=(email, _nobody(email)))
    return found.filter(period__startswith=occasion, written_at__gt=since).count()


def write_letter(email: str, occasion: str, subject: str, body: str) -> bool:
    """Put a letter into the box, in the caller's transaction; False when it lies there already."""
    about = {"subject": " ".join(subject.split()), "body": body, "first": 0, "last": 0}
    if Mail.objects.filter(subscription=None, email=_nobody(email), period=occasion).exists():
        return False
    _row, made = Mail.objects.get_or_create(subscription=None, email=email, period=occasion, defaults=about)
    return made


@dataclass(frozen=True, slots=True)
class Coming:
    """What is to be told of the calendar: what came on it and left it, and which days are near."""

    news: News = field(default_factory=News)
    near: Sequence[Entry] = ()

    def __bool__(self) -> bool:
        return bool(self.news or self.near)


def digest_text(
    subscription: Subscription, changes: Sequence[Changed], off: str, coming: Coming | None = None
) -> tuple[str, str]:
    """Subject and text in the subscriber's language; `off` is the address that changes or ends the subscription."""
    with override(subscription.language):
        count = len(changes)
        subject = _("Scorecard: what comes next")
        if changes:
            subject = ngettext("Scorecard: %(count)d change", "Scorecard: %(count)d changes", count) % {
                "count": count
            }
        lines = [_lead(count), ""] if changes else []
        asks = acts.ask_names()
        for changed in changes[:LISTED]:
            lines += _entry(changed, asks)
        if count > LISTED:
            lines += [
                _("And %(count)d more: %(address)s") % {"count": count - LISTED, "address": _changes()},
                "",
            ]
        lines += _coming(coming) if coming else []
        lines += _standing(changes)
        lines += ["--", _("You asked for this mail. One click ends it: %(address)s") % {"address": off}]
        lines += [f"* {words}" for _key, words in subscribing.told_wish(subscribing.wish_of(subscription))]
        return subject, "\n".join(lines) + "\n"


def _coming(coming: Coming) -> list[str]:
    """What is told of the calendar, each entry with the page of its act."""
    found = []
    for heading, listed in (
        (_("New on the calendar of what comes next:"), [(entry, None) for entry in coming.news.added]),
        (_("No longer on it:"), coming.news.removed),
        (
            _("Within the next %(days)d days:") % {"days": REMINDED_BEFORE.days},
            [(entry, None) for entry in coming.near],
        ),
    ):
        if listed:
            found += [heading, ""]
        for entry, answer in listed[:LISTED]:
            found.append(acts.one_line(entry.headline))
            if answer is not None:
                words = {"act": acts.title(answer), "day": acts.when(answer)}
                found.append("  " + _("Answered by: %(act)s (%(day)s)") % words)
            found += [f"  {_public(acts.address((answer or entry.record)['id']))}", ""]
        if len(listed) > LISTED:
            more = {"count": len(listed) - LISTED, "address": _public(reverse("pages:next"))}
            found += [_("And %(count)d more: %(address)s") % more, ""]
    return found


def _lead(count: int) -> str:
    return ngettext(
        "%(count)d event on record changed in meaning since your last mail.",
        "%(count)d events on record changed in meaning since your last mail.",
        count,
    ) % {"count": count}


def _entry(changed: Changed, asks: Mapping[tuple[str, str], str]) -> list[str]:
    act = acts.described(changed.record, acts.Beside(asks))
    why = [acts.one_line(changed.why)] if changed.why and changed.before is not None else []
    return [act.news(changed.kind), *(f"  {line}" for line in (*act.lines(), *why, _public(act.address))), ""]


def _standing(changes: Sequence[Changed]) -> list[str]:
    """The balances that the changes touch, as they stand today or stood on the last coded day."""
    touched = {item["rec"] for changed in changes for item in changed.record["assessments"]}
    if not touched:
        return []
    today = timezone.now().date()
    report = standings.report(today, acts=False, sensitivity=True)
    found = [_heading(today, standings.read_on(today))]
    for slug, readings in report["recommendations"].items():
        if slug in touched:
            balance = readings["balance"]
            found.append(
                f"  {vocabulary.short_name(slug)}: {vocabulary.label(balance['label'])}, "
                f"{sentences.signed(balance['score'])} ({sentences.band(balance['low'], balance['high'])})"
            )
            if doubt := reliability.doubt(balance):
                found.append(f"    {doubt}")
    return [*found, ""]


def _heading(today: datetime.date, read_on: datetime.date) -> str:
    """Of which day the balances are."""
    if read_on >= today:
        return _("How they stand now (balance, with its 80 %% band):") % {}
    behind = (today - read_on).days
    words = {"day": sentences.day(read_on), "behind": behind}
    return (
        ngettext(
            "How they stood on %(day)s, the last coded day, %(behind)d day ago (balance, with its 80 %% band):",
            "How they stood on %(day)s, the last coded day, %(behind)d days ago (balance, with its 80 %% band):",
            behind,
        )
        % words
    )


def _changes() -> str:
    return _public(reverse("pages:changes"))


def _public(path: str) -> str:
    return settings.SITE_URL.rstrip("/") + path
