"""Beside the versions of the API: the page to read it and try it on."""

from django.urls import path, re_path
from django.views.generic import RedirectView

from scorecard.api import problems, schema

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="api-docs", permanent=False)),
    path("docs/", schema.docs, name="api-docs"),
    re_path(r"", problems.nothing_here),
]
