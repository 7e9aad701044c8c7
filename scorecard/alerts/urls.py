"""The pages of the mails: ask, confirm, end."""

from django.urls import path

from scorecard.alerts import views

app_name = "alerts"

urlpatterns = [
    path("alerts/", views.subscribe, name="subscribe"),
    path("alerts/confirm/<str:token>/", views.confirm, name="confirm"),
    path("alerts/off/<str:token>/", views.off, name="off"),
]
