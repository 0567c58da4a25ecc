"""What `startproject` writes, with PostgreSQL, DRF and what the view needs."""

import os

SECRET_KEY = "bench"
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "bench.handwritten.urls"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "rest_framework",
    "bench.handwritten",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": os.environ["HANDWRITTEN_DB_HOST"],
        "USER": os.environ["HANDWRITTEN_DB_USER"],
        "NAME": os.environ["HANDWRITTEN_DB_NAME"],
        # A connection a thread, kept; measured, a pool costs the same CPU, or a little more.
        "CONN_MAX_AGE": 60,
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True

TWILIO_AUTH_TOKEN = os.environ["HANDWRITTEN_AUTH_TOKEN"]
TWILIO_API_URL = os.environ["HANDWRITTEN_API_URL"]
CRM_URL = os.environ["HANDWRITTEN_CRM_URL"]
