"""The service's own settings, with an environment fit for tests."""

import os

os.environ.setdefault("SECRET_KEY", "for the tests only, thirty-two characters and more")
os.environ.setdefault("ALLOWED_HOSTS", "testserver,localhost,127.0.0.1")
os.environ.setdefault("SITE_URL", "http://testserver")
# The widest instructions of some processors round the last digit differently; golden figures are held to the last.
os.environ.setdefault("NPY_DISABLE_CPU_FEATURES", "X86_V4 AVX512_ICL AVX512_SPR")
os.environ.setdefault("ADMINS", "editor@desk.example")

from tracker.settings import *  # noqa: F403
from tracker.settings import STORAGES

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
