"""One alert per failure: a line in the log and a mail to the administrators (ADMINS), if there are any."""

import logging

from django.core.mail import mail_admins
from django.utils.translation import gettext as _

from feeds import health

log = logging.getLogger(__name__)


def feed_fails(feed, kind: str, text: str) -> None:
    """Tell that a feed fails lastingly. A mail server out of order is written down and stops nothing."""
    log.error("Feed fails: %s (%s): %s %s", feed, feed.url, health.name_of(kind), text)
    subject = _("A feed fails: %(feed)s") % {"feed": feed}
    body = f"{feed.url}\n\n{health.name_of(kind)}: {text}"
    try:
        mail_admins(" ".join(subject.split())[:200], body)
    except OSError as error:
        log.error("The mail about it could not be sent: %s", error)
