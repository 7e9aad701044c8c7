"""The addresses of the API and of the page to read it.

Nothing in a version is ever taken away or given another meaning.
"""

from django.urls import include, path, re_path
from django.views.generic import RedirectView

from scorecard.api import problems, schema
from scorecard.api.views import about, bulk, events, exports, readers, scores, writing

VERSION_1 = [
    path("", about.Start.as_view(), name="start"),
    path("recommendations/", scores.Recommendations.as_view(), name="recommendations"),
    path("recommendations/<slug>/", scores.OneRecommendation.as_view(), name="recommendation"),
    path("scores/", scores.Scores.as_view(), name="scores"),
    path("scores/<slug>/", scores.Score.as_view(), name="score"),
    path("scores/<slug>/contributions/", scores.Contributions.as_view(), name="contributions"),
    path("views/", scores.Views.as_view(), name="views"),
    path("series/", scores.Series.as_view(), name="series"),
    path("waterfall/", scores.Waterfall.as_view(), name="waterfall"),
    path("events/", events.Events.as_view(), name="events"),
    path("events/<id>/", events.OneEvent.as_view(), name="event"),
    path("events/<id>/history/", events.EventHistory.as_view(), name="history"),
    path("events/<id>/decisions/", writing.Decisions.as_view(), name="decisions"),
    path("articles/", about.Articles.as_view(), name="articles"),
    path("sources/", about.Sources.as_view(), name="sources"),
    path("changes/", events.Changes.as_view(), name="changes"),
    path("next/", scores.Next.as_view(), name="next"),
    path("method/", about.Method.as_view(), name="method"),
    path("codebook/", about.Codebook.as_view(), name="codebook"),
    path("cues/", about.Cues.as_view(), name="cues"),
    path("heads/", about.Heads.as_view(), name="heads"),
    path("heads/mirror.py", about.Mirror.as_view(), name="mirror"),
    path("coverage/", about.Coverage.as_view(), name="coverage"),
    path("agreement/", about.Agreement.as_view(), name="agreement"),
    path("exports/", exports.Exports.as_view(), name="exports"),
    *(path(f"exports/{view.name}", view.as_view(), name=view.name) for view in exports.DOCUMENTS),
    path("exports/<name>.<ending>", exports.Export.as_view(), name="export"),
    path("editions/", exports.Editions.as_view(), name="editions"),
    path("editions/key/", exports.Key.as_view(), name="edition_key"),
    path("editions/verify.py", exports.Verifier.as_view(), name="verifier"),
    path("editions/<day>.zip", exports.EditionZip.as_view(), name="edition_zip"),
    path("editions/<day>/", exports.OneEdition.as_view(), name="edition"),
    path("editions/<day>/<name>", exports.EditionFile.as_view(), name="edition_file"),
    path("disputes/", readers.Disputes.as_view(), name="disputes"),
    path("disputes/<reference>/", readers.OneDispute.as_view(), name="dispute"),
    path("subscriptions/", readers.Subscriptions.as_view(), name="subscriptions"),
    path("proposals/", writing.Proposals.as_view(), name="proposals"),
    path("proposals/file/", bulk.FileOfProposals.as_view(), name="proposals_file"),
    path("imports/", writing.Imports.as_view(), name="imports"),
    path("webhooks/", readers.Webhooks.as_view(), name="webhooks"),
    path("webhooks/<int:id>/", readers.OneWebhook.as_view(), name="webhook"),
    path("webhooks/<int:id>/rotate/", readers.Rotate.as_view(), name="webhook_rotate"),
    path("webhooks/<int:id>/enable/", readers.Enable.as_view(), name="webhook_enable"),
    path("webhooks/<int:id>/ping/", readers.Ping.as_view(), name="webhook_ping"),
    path("webhooks/<int:id>/deliveries/", readers.Deliveries.as_view(), name="webhook_deliveries"),
    path("webhooks/<int:id>/deliveries/<message>/resend/", readers.Resend.as_view(), name="webhook_resend"),
    path("schema/", schema.Schema.as_view(), name="schema"),
    re_path(r"", problems.nothing_here),
]
urlpatterns = [
    path("v1/", include((VERSION_1, "api"))),
    path("", RedirectView.as_view(pattern_name="api-docs", permanent=False)),
    path("docs/", schema.docs, name="api-docs"),
    path("problems/", problems.explained, name="api-problems"),
    re_path(r"", problems.nothing_here),
]
