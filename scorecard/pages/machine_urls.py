"""What machines look for at the root, in one language."""

from django.urls import path

from scorecard.pages.views import discovery

urlpatterns = [
    path("robots.txt", discovery.robots, name="robots"),
    path("sitemap.xml", discovery.sitemap, name="sitemap"),
    path("llms.txt", discovery.llms, name="llms"),
]
