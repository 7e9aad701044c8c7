"""Content-Security-Policy from `settings.SECURE_CSP`, read as Django 6 reads it, so that its own may come."""

from django.conf import settings


class ContentSecurityPolicyMiddleware:
    """A view that sets its own policy (an embed) keeps it."""

    def __init__(self, get_response):
        self.get_response = get_response
        self.policy = "; ".join(f"{name} {' '.join(values)}" for name, values in settings.SECURE_CSP.items())

    def __call__(self, request):
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", self.policy)
        return response
