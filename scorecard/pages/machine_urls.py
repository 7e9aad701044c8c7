"""What machines look for at the root, in one language; and languages as people spell them."""

import re

from django.conf import settings
from django.urls import path, re_path

from scorecard.pages.views import discovery

# `zh`, `zh-cn`, `zh-Hans`, `en`, `en-gb`: every spelling of a language that is offered, but for the prefix itself.
FAMILIES = "|".join(sorted({re.escape(code.partition("-")[0]) for code, _name in settings.LANGUAGES}))
PREFIXES = "|".join(re.escape(code) for code, _name in settings.LANGUAGES[1:])
OURS = f"(?!(?:{PREFIXES})/)" if PREFIXES else ""

urlpatterns = [
    path("robots.txt", discovery.robots, name="robots"),
    path("sitemap.xml", discovery.sitemap, name="sitemap"),
    path("llms.txt", discovery.llms, name="llms"),
    path(".well-known/security.txt", discovery.security, name="security"),
    path(".well-known/api-catalog", discovery.api_catalog, name="api-catalog"),
    re_path(
        rf"^{OURS}(?P<tag>(?i:{FAMILIES})(?:-[A-Za-z]{{2,8}}){{0,2}})(?:/(?P<rest>.*))?$",
        discovery.other_spelling,
    ),
]
