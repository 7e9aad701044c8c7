"""Every address of the service. Pages and admin stand in both languages: `/…` and `/zh-hans/…`."""

from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.http import Http404
from django.urls import include, path

from tracker.operations.health import operator_page
from tracker.operations.sign_in import second_factor

handler500 = "scorecard.api.problems.broken"


def no_view_on_site(request, rest):
    """Django redirects from a row to its page on a site here: no row has one, and a key that is a date breaks it."""
    raise Http404(f"There is no page on the site for {rest}.")


# What is asked for most stands first: an address is looked for from the top.
urlpatterns = [
    path("api/", include("scorecard.api.urls")),
    *i18n_patterns(
        path("", include("scorecard.pages.urls")),
        path(f"{settings.ADMIN_PATH}second-factor/", second_factor, name="second-factor"),
        path(
            f"{settings.ADMIN_PATH}desk/operations/",
            include(([path("", operator_page, name="page")], "operations")),
        ),
        path(f"{settings.ADMIN_PATH}desk/", include("tracker.desk.urls")),
        path(f"{settings.ADMIN_PATH}r/<path:rest>", no_view_on_site),
        path(settings.ADMIN_PATH, admin.site.urls),
        prefix_default_language=False,
    ),
    path("", include("scorecard.pages.views.machines")),
    path("push/", include("feeds.websub")),
]
