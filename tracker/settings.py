"""All settings, read from the environment; the README lists each with its default.

How Django REST framework and drf-spectacular are set up; `settings` takes both from here.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from tracker import environment
from tracker.codebook import CodebookError, current, folder


def framework() -> dict[str, Any]:
    return {
        "DEFAULT_AUTHENTICATION_CLASSES": ["scorecard.keys.KeyAuthentication"],
        "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"],
        "DEFAULT_THROTTLE_CLASSES": ["scorecard.limits.PerMinute"],
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
        "DEFAULT_PARSER_CLASSES": ["scorecard.limits.Json"],
        "DEFAULT_SCHEMA_CLASS": "scorecard.api.parameters.Described",
        "DEFAULT_METADATA_CLASS": None,
        "EXCEPTION_HANDLER": "scorecard.api.problems.handler",
        "UNAUTHENTICATED_USER": None,
    }


def description(site: str) -> dict[str, Any]:
    return {
        "OAS_VERSION": "3.1.1",
        "VERSION": "1",
        "LICENSE": {"name": "CC BY 4.0", "identifier": "CC-BY-4.0"},
        "SERVERS": [{"url": site}],
        "SCHEMA_PATH_PREFIX": "/api/v1",
        "SERVE_INCLUDE_SCHEMA": False,
        "COMPONENT_SPLIT_REQUEST": True,
        "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
        "SORT_OPERATIONS": False,
        "PREPROCESSING_HOOKS": ["scorecard.api.schema.only_version_one"],
        "POSTPROCESSING_HOOKS": ["scorecard.api.schema.finished"],
        "SWAGGER_UI_DIST": "SIDECAR",
        "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    }


BASE_DIR = environment.ROOT
# What kept pages and their tags rest on: the operator's name for the release, and the code itself.
_BUILD = environment.build_name(environment.ROOT, folder() / "codebook.json")
RELEASE = f"{environment.text('RELEASE', 'development')}+{_BUILD}"
DEBUG = environment.flag("DEBUG")
SECRET_KEY = environment.secret_key(DEBUG)
SECRET_KEY_FALLBACKS = environment.secrets("SECRET_KEY_FALLBACKS")
# Draws which events are coded twice blind. Never changed: another key would draw anew. A rotation of SECRET_KEY leaves
# it as it was for as long as the first key is among the fallbacks, or set here.
LOT_KEY = environment.text("LOT_KEY") or (SECRET_KEY_FALLBACKS or [SECRET_KEY])[-1]
PORT = environment.number("PORT", 8000, least=1, most=65535)
SITE_URL = environment.address("SITE_URL", f"http://localhost:{PORT}", schemes=("http", "https"))
# Who runs this copy, and where readers reach them: an address of mail or of a page. Shown on the About page.
OPERATOR = environment.text("OPERATOR", "")
CONTACT = environment.text("CONTACT", "")
ALLOWED_HOSTS = environment.words("ALLOWED_HOSTS", ("localhost", "127.0.0.1", "[::1]") if DEBUG else ())
if not DEBUG and not ALLOWED_HOSTS:
    raise ImproperlyConfigured(
        "ALLOWED_HOSTS: missing. Name the hosts that readers use, separated by commas, for instance "
        "scorecard.example.org, or set DEBUG=1 on your own machine."
    )
SECURE = SITE_URL.startswith("https://")

# The instance: the folder that holds one codebook and its data

INSTANCE_FOLDER = folder()
try:
    _BOOK = current()
except CodebookError as error:
    raise ImproperlyConfigured(f"INSTANCE_FOLDER: the codebook cannot be used.\n{error}") from None

INSTALLED_APPS = [
    "tracker",
    "feeds",
    "scorecard",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "corsheaders",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]

MIDDLEWARE = [
    "tracker.operations.logs.RequestLog",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "tracker.operations.middleware.ContentSecurityPolicyMiddleware",
    "tracker.operations.health.Probes",
    "tracker.operations.middleware.PlainAddresses",
    "corsheaders.middleware.CorsMiddleware",
    "scorecard.conditional.KeptAnswers",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "tracker.operations.sign_in.DoorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "tracker.operations.sign_in.EntranceMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
    "tracker.operations.middleware.Outage",
]

ROOT_URLCONF = "tracker.urls"
WSGI_APPLICATION = "tracker.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "scorecard/pages/templates", BASE_DIR / "tracker/desk/templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# Data

DATABASES = {"default": environment.database()}
# The service's own role in PostgreSQL, to which `migrate` and `restore`, run as the owner, give its rights.
APP_ROLE = environment.text("APP_ROLE")
APP_DATABASE_PASSWORD = environment.text("APP_DATABASE_PASSWORD")
REDIS_URL = environment.address("REDIS_URL", schemes=("redis", "rediss", "unix"))
EMBEDDED = not REDIS_URL
# Never the broker's Redis, not even another database of it: what readers cause would fill the memory that messages
# need, and a broker may evict nothing. In the process the kept answers cost no line and cannot fail; several web
# processes or machines share them through a Redis of their own that evicts.
CACHE_URL = environment.address("CACHE_URL", schemes=("redis", "rediss", "unix"))
CACHE_MEGABYTES = environment.number("CACHE_MEGABYTES", 48, least=1, most=100_000)  # in each process
CACHES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "tracker.operations.backends.ForgivingRedisCache", "LOCATION": CACHE_URL}
    if CACHE_URL
    else {
        "BACKEND": "tracker.operations.backends.BoundedCache",
        "LOCATION": "answers",
        "OPTIONS": {"MAX_BYTES": CACHE_MEGABYTES * 1_000_000},
    }
}

# The web process

HOST = environment.text("HOST", "127.0.0.1")
WEB_PROCESSES = 1 if EMBEDDED else environment.number("WEB_PROCESSES", 1, least=1, most=64)
WEB_THREADS = environment.number("WEB_THREADS", 8, least=1, most=64)
MEMORY_MB = environment.number("MEMORY_MB", 800, least=100)  # of one process; above it, it is replaced

# Doors that the other two apps open for the record, by name

SEEDERS = ["tracker.importing.seed", "tracker.importing.seed_releases", "feeds.opml.seed"]

# Work in the background: the database holds what is to be done, messages only nudge.

CELERY_BROKER_URL = REDIS_URL or "memory://localhost/"
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {
        "visibility_timeout": 300,
        "unacked_restore_interval": 10,
        "unacked_restore_throttle": 1,
        "socket_keepalive": True,
        "socket_timeout": 30,
    }
    if REDIS_URL
    else {"polling_interval": 0.2}  # seconds; one by default, which would let messages queue up
)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = False
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_TASK_TIME_LIMIT = 280
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 200
CELERY_WORKER_MAX_MEMORY_PER_CHILD = MEMORY_MB * 1024  # kilobytes; then the child is replaced after its task
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 30
CELERY_WORKER_ENABLE_REMOTE_CONTROL = not EMBEDDED
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "tracker.celery:Scheduler"  # in memory: a file breaks on a hard kill
CELERY_BEAT_MAX_LOOP_INTERVAL = 10
CELERY_TASK_DEFAULT_QUEUE = "housekeeping"
CELERY_TASK_ROUTES = {
    "feeds.tasks.*": {"queue": "polling"},
    "tracker.tasks.forget*": {"queue": "housekeeping"},
    "tracker.tasks.*": {"queue": "judging"},
    "scorecard.tasks.send*": {"queue": "sending"},
    "scorecard.tasks.*": {"queue": "housekeeping"},
}
QUEUES = ("polling", "judging", "sending", "housekeeping")
BEAT_EVERY = environment.number("BEAT_EVERY", 60, least=1, most=600)  # seconds between looks for work
WORKER_CONCURRENCY = environment.number("WORKER_CONCURRENCY", 2, least=1, most=64)

# Triage

EVENT_WEIGHTS = "scorecard.reliability.weights"  # what each event carries: the heaviest are asked about first
COMPLETENESS_SUPPORT = "feeds.monitoring.by_month"  # what supports a statement that coding is complete
BROUGHT_BY = "feeds.monitoring"  # which feed brought which article
SCORE_PREVIEW = "scorecard.standings.score_preview"  # what a decision would do to the scores, shown before it
DAY_PREVIEW = "scorecard.standings.day_preview"  # what a statement that coding is complete would do to them
ASK_PREVIEW = "scorecard.standings.ask_preview"  # what an ask set by hand would do
ARTICLE_AT = "feeds.adding.article_at"  # a pasted address as an article, known or fetched through the guard
# Of decided events, coded twice blind; and coded without the machine's help.
DOUBLE_CODING_SHARE = environment.share("DOUBLE_CODING_SHARE", 0.2)
HIDDEN_SUGGESTION_SHARE = environment.share("HIDDEN_SUGGESTION_SHARE", 0.05)

# Tagging

TAGGER_EMBEDDINGS = environment.flag_or_auto("TAGGER_EMBEDDINGS")  # None: where the package is installed
EMBEDDINGS_URL = environment.address(
    "EMBEDDINGS_URL", schemes=("http", "https")
)  # …/v1; instead of the package
EMBEDDINGS_MODEL = environment.text("EMBEDDINGS_MODEL")
EMBEDDINGS_KEY = environment.text("EMBEDDINGS_KEY")
EMBEDDINGS_SECONDS = environment.number("EMBEDDINGS_SECONDS", 30, least=1, most=300)  # for one answer
# The share of acts that the queue may pass over, so that less ordinary news is in it: the knob of how much to see.
QUEUE_MAY_LOSE = environment.share("QUEUE_MAY_LOSE", 0.2)
SECOND_OPINION_URL = environment.address("SECOND_OPINION_URL", schemes=("http", "https"))  # …/v1
SECOND_OPINION_MODEL = environment.text("SECOND_OPINION_MODEL")
SECOND_OPINION_KEY = environment.text("SECOND_OPINION_KEY")
SECOND_OPINION_DAILY = environment.number("SECOND_OPINION_DAILY", 200)  # questions a day
SECOND_OPINION_MONTHLY = environment.number("SECOND_OPINION_MONTHLY", 3000)  # and a calendar month
# The model is asked about what a gate that loses so few acts lets through, the queue shows what it finds likely.
SECOND_OPINION_MAY_LOSE = environment.share("SECOND_OPINION_MAY_LOSE", 0.05)
SECOND_OPINION_SECONDS = environment.number("SECOND_OPINION_SECONDS", 30, least=1, most=300)  # for one answer

# Fetching

FETCH_ALLOW_PRIVATE = environment.flag("FETCH_ALLOW_PRIVATE")
FETCH_CONTACT = environment.text("FETCH_CONTACT", SITE_URL)
FETCH_FULL_TEXT = environment.flag("FETCH_FULL_TEXT")
ARCHIVER_URL = environment.address("ARCHIVER_URL", schemes=("http", "https"))  # put before a source's address
# Seconds; longer than a task may run.
FEEDS_LEASE = environment.number("FEEDS_LEASE", 300, least=2, most=3600)
FEEDS_WEBSUB = environment.flag_or_auto("FEEDS_WEBSUB")  # auto: where SITE_URL is a public https address
FEEDS_IN_FLIGHT = environment.number("FEEDS_IN_FLIGHT", 200, least=1, most=10_000)

# Who may enter

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
ADMIN_PATH = environment.text("ADMIN_PATH", "admin/").strip("/") + "/"
# Nobody reads a colleague's second factor in the admin.
OTP_ADMIN_HIDE_SENSITIVE_DATA = True
SECOND_FACTOR = environment.flag("SECOND_FACTOR", not DEBUG)
SECOND_PERSON = environment.flag("SECOND_PERSON", default=True)
TRUSTED_PROXIES = environment.number("TRUSTED_PROXIES", 0, most=10)
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
AXES_LOCKOUT_TEMPLATE = "desk/locked.html"
AXES_CLIENT_IP_CALLABLE = "tracker.operations.sign_in.address_of"
AXES_WHITELIST_CALLABLE = "tracker.operations.sign_in.is_known"
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # nobody can keep a colleague waiting for longer

SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_NAME = "__Host-session" if SECURE else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE else "csrf"
CSRF_COOKIE_HTTPONLY = False
CSRF_TRUSTED_ORIGINS = [SITE_URL] if SECURE else []

# What browsers are told

SECURE_SSL_REDIRECT = SECURE and environment.flag("SECURE_SSL_REDIRECT", True)
SECURE_REDIRECT_EXEMPT = [r"^health/", r"^metrics$"]
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_CSP = {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "img-src": ["'self'", "data:"],
    "font-src": ["'self'"],
    "connect-src": ["'self'"],
    "form-action": ["'self'"],
    "base-uri": ["'none'"],
    "frame-ancestors": ["'none'"],
}
CORS_URLS_REGEX = r"^(/[a-z]{2}(-[a-z]+)?)?/(api/|feeds/|r/|next/calendar\.ics$|\.well-known/|llms\.txt$)"
CORS_ALLOW_ALL_ORIGINS = True
CORS_ALLOW_METHODS = ("GET", "HEAD", "OPTIONS")
CORS_ALLOW_HEADERS = (
    *(
        "accept",
        "authorization",
        "content-type",
        "if-match",
        "if-modified-since",
        "if-none-match",
        "if-range",
    ),
    *("idempotency-key", "range", "user-agent", "x-request-id"),
)
CORS_EXPOSE_HEADERS = (
    *(
        "Accept-Ranges",
        "Content-Disposition",
        "Content-Range",
        "Deprecation",
        "ETag",
        "Last-Modified",
        "Link",
    ),
    *("Location", "RateLimit", "RateLimit-Policy", "Repr-Digest", "Retry-After", "Sunset", "X-Request-ID"),
)
DATA_UPLOAD_MAX_MEMORY_SIZE = 5_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000

# Static files

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "scorecard/pages/static", BASE_DIR / "tracker/desk/static"]
STATIC_ROOT = environment.text("STATIC_ROOT") or environment.LOCAL / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "tracker.operations.backends.StaticFiles"
    },
}
WHITENOISE_USE_FINDERS = DEBUG
BACKUP_RECIPIENT = environment.text("BACKUP_RECIPIENT")  # public key of age, to which backups are encrypted
DATA_FOLDER = environment.text("DATA_FOLDER") or environment.LOCAL / "data"  # models, editions

# Languages and time

_NAMES = {"en": _("English"), "zh-hans": _("Simplified Chinese")}
LANGUAGE_CODE = _BOOK.languages[0]
LANGUAGES = [(language, _NAMES[language]) for language in _BOOK.languages]
LOCALE_PATHS: list[str] = []
USE_I18N = USE_TZ = True
TIME_ZONE = "UTC"

# Mail

EMAIL_URL = environment.text("EMAIL_URL")
DEFAULT_FROM_EMAIL = environment.text("FROM_EMAIL", "scorecard@localhost")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
ADMINS = environment.people("ADMINS")  # who is told that a feed fails
EMAIL_SUBJECT_PREFIX = "[Scorecard] "
EMAIL_TIMEOUT = 20
globals().update(
    environment.mail(EMAIL_URL)
    if EMAIL_URL
    else {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}
)

# API

API_RATE_ANONYMOUS = environment.number("API_RATE_ANONYMOUS", 60, least=1)  # requests a minute, each address
PAGE_RATE = environment.number("PAGE_RATE", 240, least=1)  # pages a minute made anew for one address
API_RATE_KEY = environment.number("API_RATE_KEY", 600, least=1)  # requests a minute, each key
DATASET_DOI = environment.text(
    "DATASET_DOI"
)  # of the data as a whole, once an archive has given one: 10.5281/…
SIGNING_KEY = environment.text("SIGNING_KEY")  # Ed25519 seed of the editions, 64 hexadecimal digits
SAFE_CLIENT = "feeds.http.fetch.post"  # how webhooks are called: only addresses of the open internet
SAFE_ADDRESS = "feeds.http.fetch.check"
REST_FRAMEWORK = framework()
SPECTACULAR_SETTINGS = description(SITE_URL)

# What operators see

LOG_LEVEL = environment.choice("LOG_LEVEL", "INFO", of=("DEBUG", "INFO", "WARNING", "ERROR"))
LOG_FORMAT = environment.choice("LOG_FORMAT", "plain" if DEBUG else "json", of=("plain", "json"))
METRICS_TOKEN = environment.text("METRICS_TOKEN")
SENTRY_DSN = environment.address("SENTRY_DSN", schemes=("https", "http"))
ARTICLE_TEXT_DAYS = environment.number("ARTICLE_TEXT_DAYS", 0, most=36_500)  # 0: kept for ever
VITALS = [
    "tracker.monitoring.of_the_record",
    "tracker.operations.health.queues",
    "feeds.monitoring.of_feeds",
]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"context": {"()": "tracker.operations.logs.Context"}},
    "formatters": {
        "plain": {
            "()": "tracker.operations.logs.Plain",
            "format": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        },
        "json": {"()": "tracker.operations.logs.Json"},
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT, "filters": ["context"]}
    },
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "tracker.access": {"level": "WARNING" if LOG_FORMAT == "plain" else "INFO"},
        "django": {"handlers": [], "level": LOG_LEVEL},
        "django.request": {"level": "ERROR"},  # the access log has the rest
        "django.security.DisallowedHost": {"level": "CRITICAL"},  # anybody's noise
        "gunicorn.error": {"handlers": [], "level": LOG_LEVEL, "propagate": True},
        **{name: {"level": "WARNING"} for name in ("celery.worker.strategy", "celery.app.trace")},
    },
}
