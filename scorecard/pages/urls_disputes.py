"""The pages of disputes: all, one, and the form that challenges a code."""

from django.urls import path, re_path

from scorecard.pages.views import forms

app_name = "disputes"

urlpatterns = [
    path("disputes/", forms.listed, name="all"),
    re_path(r"^disputes/(?P<reference>D-[0-9A-Z]{4}-[0-9A-Z]{4})/$", forms.one, name="one"),
    path("events/<slug:event_id>/challenge/", forms.challenge, name="challenge"),
]
