"""The addresses of the public site in both languages; those at the root in one language stand in `views/machines`."""

from __future__ import annotations

from django.urls import include, path, re_path

from scorecard.pages.views import (
    actors,
    codebook,
    events,
    explain,
    forms,
    machines,
    overview,
    quoting,
    recommendations,
    take,
    timeline,
)

NAME = r"[a-z0-9-]{1,40}"
FEED = rf"all|recommendations/{NAME}(?:/actors/{NAME})?|actors/{NAME}"

PAGES = [
    path("", overview.overview, name="overview"),
    path("recommendations/<slug:slug>/", recommendations.recommendation, name="recommendation"),
    re_path(rf"^r/(?P<name>{NAME})/?$", recommendations.short, name="short"),
    re_path(
        rf"^r/(?P<name>{NAME})\.(?P<ending>svg|png|csv|json|zip|jsonl|parquet|xlsx)$", take.take, name="take"
    ),
    path("changed/", timeline.changed, name="changed"),
    path("next/", timeline.coming, name="next"),
    path("next/calendar.ics", timeline.coming_as_calendar, name="calendar"),
    path("asks/", actors.asks, name="asks"),
    path("brief/", recommendations.brief, name="brief"),
    path("recommendations/<slug:slug>/brief/", recommendations.brief, name="brief_of"),
    path("glossary/", codebook.glossary, name="glossary"),
    path("events/", events.events, name="events"),
    path("events/<slug:event_id>/", events.event, name="event"),
    path("actors/", actors.actors, name="actors"),
    path("actors/<slug:actor>/", actors.actor, name="actor"),
    path("method/", explain.method, name="method"),
    path("method/acts.json", explain.method_acts, name="method_acts"),
    path("data/", explain.data, name="data"),
    path("about/", explain.about, name="about"),
    path("codebook/", codebook.codebook, name="codebook"),
    path("editions/", quoting.every_edition, name="editions"),
    re_path(r"^editions/(?P<day>20[0-9]{2}-[0-9]{2}-[0-9]{2})/$", quoting.edition, name="edition"),
    path("changes/", explain.changes, name="changes"),
    re_path(rf"^embed/(?P<name>{NAME}|event-[a-z0-9-]{{1,100}})/$", quoting.embed, name="embed"),
    re_path(rf"^embed/(?P<name>{NAME})/badge\.svg$", quoting.badge, name="badge"),
    re_path(rf"^embed/(?P<name>{NAME})/sparkline\.svg$", quoting.sparkline, name="sparkline"),
    re_path(r"^cards/(?P<name>[a-z0-9-]{1,110})\.png$", take.card, name="card"),
    re_path(r"^cite\.(?P<ending>bib|ris)$", quoting.citation, name="citation"),
    re_path(
        r"^feeds/events/(?P<event_id>[a-z0-9-]{1,120})\.(?P<ending>atom|json)$",
        machines.feed_of_act,
        name="feed_of_act",
    ),
    re_path(r"^feeds/search\.(?P<ending>atom|json)$", machines.feed_of_search, name="feed_of_search"),
    re_path(r"^feeds/next\.(?P<ending>atom|json)$", machines.feed_of_next, name="feed_of_next"),
    re_path(rf"^feeds/(?P<name>{FEED})\.(?P<ending>atom|json)$", machines.feed, name="feed"),
]
ALERTS = [
    path("alerts/", forms.subscribe, name="subscribe"),
    path("alerts/confirm/<str:token>/", forms.confirm, name="confirm"),
    path("alerts/off/<str:token>/", forms.off, name="off"),
]
KEYS = [
    path("keys/", forms.ask_key, name="ask"),
    path("keys/confirm/<str:token>/", forms.confirm_key, name="confirm"),
    path("keys/end/<str:token>/", forms.end_key, name="end"),
]
DISPUTES = [
    path("disputes/", forms.listed, name="all"),
    re_path(r"^disputes/(?P<reference>D-[0-9A-Z]{4}-[0-9A-Z]{4})/$", forms.one, name="one"),
    path("events/<slug:event_id>/challenge/", forms.challenge, name="challenge"),
]
urlpatterns = [
    path("", include((PAGES, "pages"))),
    path("", include((ALERTS, "alerts"))),
    path("", include((KEYS, "keys"))),
    path("", include((DISPUTES, "disputes"))),
]
