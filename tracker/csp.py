"""Content-Security-Policy from `settings.SECURE_CSP`, read as Django 6 reads it, so that its own may come."""

from django.conf import settings


class ContentSecurityPolicyMiddleware:
    """A view that sets its own policy (an embed) keeps it.

    "Not modified" carries no policy: a browser puts the headers of a 304 in place of those it holds, and the
    general policy would close an embed to its frame as soon as it is asked for again (RFC 9111, 3.2).
    """

    def __init__(self, get_response):
        self.get_response = get_response
        self.policy = "; ".join(f"{name} {' '.join(values)}" for name, values in settings.SECURE_CSP.items())

    def __call__(self, request):
        response = self.get_response(request)
        if response.status_code == 304:
            response.headers.pop("X-Frame-Options", None)
            return response
        response.headers.setdefault("Content-Security-Policy", self.policy)
        return response
