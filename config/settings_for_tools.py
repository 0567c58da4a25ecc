"""The settings for tools that only read the code (mypy, makemigrations --check): no server is asked, no secret is real."""

import os

os.environ.setdefault("SECRET_KEY", "only-for-tools-that-read-the-code")
os.environ.setdefault("DATABASE_URL", "postgresql://127.0.0.1:1/none")
os.environ.setdefault("REDIS_URL", "redis://127.0.0.1:1")
os.environ.setdefault("DEMO", "1")

from config.settings import *  # noqa: F403  after the environment that it reads

DATABASES = {"default": {"ENGINE": "django.db.backends.dummy"}}
