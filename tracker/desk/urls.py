"""The desk's addresses, inside the admin's."""

from django.urls import path

from tracker.desk import codings, figures, making, people, plain, queue, signing, views

app_name = "desk"
urlpatterns = [
    path("", views.desk, name="desk"),
    path("event/<slug:event_id>/", views.event, name="event"),
    path("item/<slug:event_id>/", views.item_part, name="item"),
    path("rows/", views.rows_part, name="rows"),
    path("now/", views.now, name="now"),
    path("claim/<slug:event_id>/", views.claim, name="claim"),
    path("release/<slug:event_id>/", views.release, name="release"),
    path("deed/", views.deed, name="deed"),
    path("preview/", views.preview, name="preview"),
    path("find/", views.find, name="find"),
    path("last/", views.last_part, name="last"),
    path("keys/", views.choose_keys, name="keys"),
    path("new/", making.new, name="new"),
    path("articles/", making.articles, name="articles"),
    path("reports/<slug:event_id>/", making.reports, name="reports"),
    path("views/", views.views, name="views"),
    path("name/", people.choose_name, name="name"),
    path("undo/", plain.undo, name="undo"),
    path("bulk/", queue.bulk, name="bulk"),
    path("codings/", codings.waiting, name="codings"),
    path("codings/<int:coding_id>/", codings.coding, name="coding"),
    path("codings/<int:coding_id>/unblind/", codings.unblind, name="unblind"),
    path("details/<slug:event_id>/", plain.details, name="details"),
    path("second/", signing.signing, name="second"),
    path("lasting/", plain.own_terms, name="lasting"),
    path("draws/", codings.draws, name="draws"),
    path("draws/codings.<str:form>", codings.raw_codings, name="raw_codings"),
    path("confirming/", signing.confirming, name="confirming"),
    path("practice/", codings.practice, name="practice"),
    path("practice/<int:number>/", codings.practised, name="practised"),
    path("mirror/", figures.mirror, name="mirror"),
    path("roles/", people.roles, name="roles"),
    path("figures/", figures.figures, name="figures"),
]
