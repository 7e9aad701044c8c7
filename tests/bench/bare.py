"""The peer of the load test: a Django that answers "ok", under the same server. `gunicorn tests.bench.bare`."""

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path

settings.configure(SECRET_KEY="a bare view needs none", ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__)
django.setup()
urlpatterns = [path("", lambda request: HttpResponse("ok"))]
application = get_wsgi_application()
