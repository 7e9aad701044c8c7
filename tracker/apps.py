from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TrackerConfig(AppConfig):
    name = "tracker"
    verbose_name = _("Record")

    def ready(self) -> None:
        # The shared Celery app must exist wherever a task may be sent from.
        from tracker import celery  # noqa: F401
        from tracker.operations import hardening, logs

        hardening.register_checks()
        logs.start()
