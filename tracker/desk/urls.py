"""The desk's addresses, inside the admin's."""

from django.urls import path

from tracker.desk import bulk, codings, confirming, details, figures, lasting, names, recoding, signing, views

app_name = "desk"
urlpatterns = [
    path("", views.desk, name="desk"),
    path("event/<slug:event_id>/", views.event, name="event"),
    path("item/<slug:event_id>/", views.item_part, name="item"),
    path("rows/", views.rows_part, name="rows"),
    path("claim/<slug:event_id>/", views.claim, name="claim"),
    path("release/<slug:event_id>/", views.release, name="release"),
    path("deed/", views.deed, name="deed"),
    path("preview/", views.preview, name="preview"),
    path("find/", views.find, name="find"),
    path("last/", views.last_part, name="last"),
    path("keys/", views.choose_keys, name="keys"),
    path("name/", names.choose_name, name="name"),
    path("bulk/", bulk.bulk, name="bulk"),
    path("codings/", codings.waiting, name="codings"),
    path("codings/<int:coding_id>/", codings.coding, name="coding"),
    path("codings/<int:coding_id>/unblind/", codings.unblind, name="unblind"),
    path("details/<slug:event_id>/", details.details, name="details"),
    path("second/", signing.signing, name="second"),
    path("lasting/", lasting.asked, name="lasting"),
    path("draws/", recoding.draws, name="draws"),
    path("draws/codings.<str:form>", recoding.codings, name="raw_codings"),
    path("confirming/", confirming.confirming, name="confirming"),
    path("figures/", figures.figures, name="figures"),
]
