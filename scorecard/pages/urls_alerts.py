"""The pages of the mails: ask, confirm, end."""

from django.urls import path

from scorecard.pages.views import forms

app_name = "alerts"

urlpatterns = [
    path("alerts/", forms.subscribe, name="subscribe"),
    path("alerts/confirm/<str:token>/", forms.confirm, name="confirm"),
    path("alerts/off/<str:token>/", forms.off, name="off"),
]
