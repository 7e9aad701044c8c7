"""The admin: lists are queues and archives to look into; whatever changes an event goes through the desk."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from tracker.admin import people, record, stated, tagger

admin.site.site_header = _("Policy tracker")
admin.site.site_title = _("Policy tracker")
admin.site.index_title = _("Record")

__all__ = ["people", "record", "stated", "tagger"]
