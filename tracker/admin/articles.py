"""Articles in the admin: what was delivered, what became of it, and its earlier versions."""

from django.contrib import admin
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from tracker.admin.lists import LookOnly
from tracker.models import Article, Event
from tracker.triage import blind


class Languages(admin.AllValuesFieldListFilter):
    """Texts whose language nobody could say stand under words: a link without any cannot be read out."""

    def choices(self, changelist):
        for choice in super().choices(changelist):
            yield choice if choice["display"] != "" else choice | {"display": _("unknown")}


@admin.register(Article)
class ArticleAdmin(LookOnly):
    list_display = ("shown", "publisher", "language", "state", "published_at", "first_seen_at", "trouble")
    list_filter = ("state", ("language", Languages))
    search_fields = ("title", "publisher", "url")
    exclude = ("html", "title_key", "leased_until")
    readonly_fields = ("earlier",)

    def get_queryset(self, request):
        return super().get_queryset(request).defer("html", "text", "suggestion")

    def get_exclude(self, request, obj=None):
        """What the machine says of an article is not for somebody who is to code its event without that."""
        found = super().get_exclude(request, obj)
        if obj is None:
            return found
        events = Event.objects.filter(reports__article=obj)
        coding_blind = blind.withheld(request.user).filter(event__in=events).exists()
        if coding_blind or any(blind.suggestion_hidden(event) for event in events.open()):
            return (*found, "suggestion")
        return found

    @admin.display(description=_("title"), ordering="title")
    def shown(self, article):
        return article.title[:120]

    @admin.display(description=_("versions of an article"))
    def earlier(self, article):
        rows = (
            (version.seen_at.date(), version.title, version.summary)
            for version in article.versions.all()[:20]
        )
        return format_html('<ul class="coded">{}</ul>', format_html_join("", "<li>{}: {} – {}</li>", rows))
