"""Single mails to somebody who has subscribed to nothing: the answer to a dispute, the end of a webhook.

The law: for each occasion an address gets at most one, however often it is written; none holds a word that a
stranger chose; and it goes through the same box as the digests, so that none comes twice.
"""

from __future__ import annotations

from scorecard.models import Mail


def write(email: str, occasion: str, subject: str, body: str) -> bool:
    """Put a letter into the box, in the caller's transaction; False when it lies there already."""
    about = {"subject": " ".join(subject.split()), "body": body, "first": 0, "last": 0}
    _row, made = Mail.objects.get_or_create(subscription=None, email=email, period=occasion, defaults=about)
    return made
