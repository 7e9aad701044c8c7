"""Articles in the admin: what was delivered, what became of it, and its earlier versions."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from tracker.admin.lists import LookOnly
from tracker.models import Article, ArticleVersion


class VersionInline(admin.TabularInline):
    model = ArticleVersion
    extra = 0
    can_delete = False
    fields = readonly_fields = ("seen_at", "title", "summary")

    def has_add_permission(self, request, obj=None):
        return False


@admin.register(Article)
class ArticleAdmin(LookOnly):
    list_display = ("shown", "publisher", "language", "state", "published_at", "first_seen_at", "trouble")
    list_filter = ("state", "language")
    search_fields = ("title", "publisher", "url")
    search_help_text = _("Title, publisher or address")
    exclude = ("html", "title_key", "leased_until")
    inlines = (VersionInline,)

    def get_queryset(self, request):
        return super().get_queryset(request).defer("html", "text", "suggestion")

    @admin.display(description=_("title"), ordering="title")
    def shown(self, article):
        return article.title[:120]
