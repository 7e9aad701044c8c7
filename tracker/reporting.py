"""Errors to an error tracker that speaks Sentry's protocol, if SENTRY_DSN names one. An extra.

The law: a report never holds who a reader is, what a form held or what a variable was.
"""

import importlib

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


def start() -> None:
    """Begin to report, when asked to."""
    if not settings.SENTRY_DSN:
        return
    try:
        tracker = importlib.import_module("sentry_sdk")
    except ImportError:
        raise ImproperlyConfigured(
            "SENTRY_DSN: needs the extra requirements/errors.txt. Install it, or remove SENTRY_DSN."
        ) from None
    tracker.init(
        dsn=settings.SENTRY_DSN,
        release=settings.RELEASE,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        traces_sample_rate=0.0,
    )
