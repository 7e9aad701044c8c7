"""Public forms without an account: what keeps robots from flooding them.

The law: no cookie, no puzzle, no third party. A signed time in the form says when it was shown, a field that
people do not see stays empty, and one address sends only so much in an hour.
"""

from __future__ import annotations

from typing import Any

from django.core import signing
from django.utils.translation import gettext as _
from rest_framework.throttling import BaseThrottle

from scorecard.api import throttling

SALT = "scorecard.forms"
TRAP = "website"
OPEN_AT_MOST = 24 * 3600
OPEN_AT_LEAST = 2
HOUR = 3600
SENT_AN_HOUR = 10


class Turned(ValueError):
    """A form that is not taken; the message says what to do."""


def stamp() -> str:
    """The time at which a form is shown, signed."""
    return signing.dumps("shown", salt=SALT)


def check(request: Any, form: Any) -> None:
    """`Turned` unless the form looks like a person's."""
    if form.get(TRAP):
        raise Turned(_("The form was filled in by a robot."))
    try:
        signing.loads(form.get("stamp", ""), salt=SALT, max_age=OPEN_AT_MOST)
    except signing.BadSignature:
        raise Turned(_("The form was open for too long. Please send it once more.")) from None
    try:
        signing.loads(form.get("stamp", ""), salt=SALT, max_age=OPEN_AT_LEAST)
    except signing.SignatureExpired:
        pass
    else:
        raise Turned(_("That was quick. Please wait a moment and send it once more."))
    spend(request)


def spend(request: Any) -> None:
    """Count one form sent from this address; `Turned` when it has sent too many in this hour."""
    who = BaseThrottle().get_ident(request)
    if throttling.count("forms", who, SENT_AN_HOUR, HOUR).used > SENT_AN_HOUR:
        raise Turned(_("Too many forms came from your address in this hour. Please come back later."))
