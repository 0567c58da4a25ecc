"""Data sources: the company's own APIs, asked by Celery workers while the caller hears the greeting."""
