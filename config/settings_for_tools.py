"""The settings for tools that only read the code (mypy, makemigrations --check): no server is asked, no secret is real."""

import os
from pathlib import Path

os.environ.setdefault("SECRET_KEY", "only-for-tools-that-read-the-code")
os.environ.setdefault("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
os.environ.setdefault("REDIS_URL", "redis://127.0.0.1:1")
os.environ.setdefault("DEMO", "1" if Path("demo/apps.py").exists() else "0")

from config.settings import *  # noqa: F403  after the environment that it reads
