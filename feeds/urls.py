"""Where hubs call."""

from django.urls import path

from feeds import websub

urlpatterns = [path("<slug:token>/", websub.called, name="push")]
