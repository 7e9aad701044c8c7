"""The former name of `tracker.gunicorn`, for units and compose files written for release 0.1 (`gunicorn -c
python:tracker.serving`). Goes with the release after the next.
"""

from tracker.gunicorn import *  # noqa: F403
