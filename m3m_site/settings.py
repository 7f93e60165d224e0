"""Django settings, made from the typed configuration in conf.py."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import Any

import django_stubs_ext
from django.utils.translation import gettext_lazy as _

from m3m_site import __version__, admin_site
from m3m_site.conf import BASE_DIR, data_dir, load_config, parse_rate, runtime_dir, temporary_dir

django_stubs_ext.monkeypatch()

config = load_config()

SECRET_KEY = config.server.secret_key
DEBUG = config.server.debug
ALLOWED_HOSTS = config.server.allowed_hosts
VERSION = __version__
DATA_DIR = data_dir()
RUNTIME_DIR = runtime_dir()
PUBLIC_URI = config.public_uri
CSRF_TRUSTED_ORIGINS = [PUBLIC_URI]

INSTALLED_APPS = [
    "unfold",
    "accounts",  # before auth: its changepassword knows the rules of accounts
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",  # its widgets, which the form renderer looks up among the templates
    "rest_framework",
    "rest_framework_simplejwt",
    "rest_framework_simplejwt.token_blacklist",
    "django_filters",
    "corsheaders",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "channels",
    "django_celery_beat",
    "projects",
    "goals",
    "pipeline",
    "runtime",
    "iot",
    "plugins",
    "m3m_site",
]

MIDDLEWARE = [
    "accounts.middleware.RequestIdMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.LanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "m3m_site.urls"
WSGI_APPLICATION = "m3m_site.wsgi.application"
ASGI_APPLICATION = "m3m_site.asgi.application"
APPEND_SLASH = False
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
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


def _database() -> dict[str, Any]:
    chosen = config.database
    if chosen.driver == "postgresql":
        return {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": chosen.host,
            "PORT": chosen.port,
            "NAME": chosen.name,
            "USER": chosen.user,
            "PASSWORD": chosen.password,
            "CONN_MAX_AGE": None,
            "CONN_HEALTH_CHECKS": True,
        }
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DATA_DIR / "m3m.sqlite3",
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-2000;",
        },
        # Tests with real processes need a file; an in-memory database is seen by one process only.
        "TEST": {"NAME": DATA_DIR / "test.sqlite3"},
    }


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = config.redis.uri or f"unix://{RUNTIME_DIR}/redis.sock"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}

CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://")
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 60,
    "unacked_restore_interval": 1,
    "unacked_restore_throttle": 1,
    "socket_connect_timeout": 1,
    # A start must not wait for a broker that is away: the node's tick finds the row.
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
    "connect_retries_timeout": 0.5,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_WORKER_POOL = "threads"
CELERY_WORKER_CONCURRENCY = config.runtime.worker_pool_size
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = {
    "forget-expired-logins": {"task": "accounts.tasks.forget_expired_logins", "schedule": 24 * 3600.0},
    "forget-expired-answers": {"task": "accounts.tasks.forget_expired_answers", "schedule": 3600.0},
    "sweep-leftovers": {"task": "projects.tasks.sweep.sweep_leftovers", "schedule": 3600.0},
    "tidy-storage": {"task": "projects.tasks.storage.tidy_storage", "schedule": 24 * 3600.0},
    "prune-history": {"task": "runtime.tasks.prune_history", "schedule": 24 * 3600.0},
    "sweep-imports": {"task": "projects.tasks.imports.sweep_imports", "schedule": 15.0},
    "clear-collections": {"task": "projects.tasks.collections.clear_collections", "schedule": 60.0},
    "sweep-indexes": {"task": "projects.tasks.indexes.sweep_indexes", "schedule": 300.0},
}
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"

AUTH_USER_MODEL = "accounts.User"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "projects"
SESSION_COOKIE_NAME = "m3m_session"
CSRF_COOKIE_NAME = "m3m_csrf"
CSRF_FAILURE_VIEW = "accounts.errors.csrf_failed"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = config.server.secure_cookies
SESSION_COOKIE_HTTPONLY = True
SECURE_HSTS_SECONDS = 31536000 if config.server.secure_cookies else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
USE_X_FORWARDED_HOST = True

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "projects.authentication.KeyAuthentication",
        "accounts.authentication.TokenAuthentication",
        "accounts.authentication.PageAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.permissions.IsKnown"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["accounts.api.parsers.JSONParser"],
    "DEFAULT_THROTTLE_CLASSES": ["accounts.api.throttling.ActorThrottle"],
    "DEFAULT_SCHEMA_CLASS": "accounts.api.schema.Operation",
    "EXCEPTION_HANDLER": "accounts.errors.problem_response",
    "URL_FORMAT_OVERRIDE": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SIMPLE_JWT = {
    "SIGNING_KEY": config.jwt.secret,
    "ALGORITHM": "HS256",
    "ACCESS_TOKEN_LIFETIME": timedelta(seconds=config.jwt.access),
    "REFRESH_TOKEN_LIFETIME": timedelta(seconds=config.jwt.expiration),
    "ROTATE_REFRESH_TOKENS": True,
    "BLACKLIST_AFTER_ROTATION": True,
    "CHECK_REVOKE_TOKEN": True,
    "UPDATE_LAST_LOGIN": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "M3M",
    "DESCRIPTION": "Services in JavaScript and their data. Errors are problem details (RFC 9457).",
    "VERSION": __version__,
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "EnvTypeEnum": "projects.choices.EnvType.choices",
        "FieldTypeEnum": "projects.choices.FieldType.choices",
        "GoalTypeEnum": "goals.choices.GoalType.choices",
        "RevisionKindEnum": "pipeline.choices.RevisionKind.choices",
        "ServiceStatusEnum": "runtime.choices.STATUSES",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "accounts.api.components.add_components",
    ],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {
        "deepLinking": True,
        "docExpansion": "none",
        "filter": True,
        "validatorUrl": None,
    },
}

RATE_LIMIT = parse_rate(config.server.rate_limit)
# Tokens and keys travel in headers that a page sets itself; sessions are never sent across origins.
CORS_URLS_REGEX = r"^/api/(?!r/)"
CORS_ALLOW_ALL_ORIGINS = "*" in config.server.cors_origins
CORS_ALLOWED_ORIGINS = [origin for origin in config.server.cors_origins if origin != "*"]
CORS_ALLOW_CREDENTIALS = False
CORS_ALLOW_HEADERS = [
    *("accept", "authorization", "content-type", "x-api-key", "x-request-id"),
    *("idempotency-key", "if-match", "if-none-match", "range"),
]
CORS_EXPOSE_HEADERS = [
    *("ETag", "Location", "X-Request-ID", "Retry-After", "Idempotency-Replayed", "Content-Disposition"),
    *("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"),
]

UNFOLD = admin_site.UNFOLD

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("ru", _("Russian"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# An image is built with collected, compressed files under hashed names; a checkout serves them from where they are.
STATIC_ROOT = config.path(config.server.static) if config.server.static else None
WHITENOISE_USE_FINDERS = STATIC_ROOT is None
if STATIC_ROOT:
    STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }

STORAGE = config.storage
STORAGE_ROOT = config.path(config.storage.path)
ENCRYPTION_KEY = config.storage.encryption_key
LOG_ROOT = config.path(config.logging.path)
RUNTIME = config.runtime
SLUG_REDIRECT = config.server.slug_redirect
WEB_THREADS = config.server.web_threads
TEMPORARY_DIR = FILE_UPLOAD_TEMP_DIR = temporary_dir()
DATA_UPLOAD_MAX_MEMORY_SIZE = 32 * 1024 * 1024

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    # 503 is an answer (a service that is stopped, a check that fails), not a fault of ours.
    "filters": {
        "faults": {
            "()": "django.utils.log.CallbackFilter",
            "callback": lambda record: getattr(record, "status_code", 500) != HTTPStatus.SERVICE_UNAVAILABLE,
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": config.logging.level.upper()},
    "loggers": {
        "django.request": {"level": "ERROR", "filters": ["faults"]},
        "celery": {"level": "WARNING"},
        "django_celery_beat": {"level": "WARNING"},
        "uvicorn": {"level": "WARNING"},
    },
}
