"""The addresses of the sync, below /api/v1/."""

from django.urls import path

from customers.sync.api.batches import Batches, Changes
from customers.sync.api.streams import Cancel, Errors, Run, Runs, Streams

urls = [
    path("customers/sync/", Batches.as_view(), name="api-sync"),
    path("customers/sync/stream/", Streams.as_view(), name="api-sync-stream"),
    path("customers/sync/runs/", Runs.as_view(), name="api-sync-runs"),
    path("customers/sync/runs/<uuid:run_id>/", Run.as_view(), name="api-sync-run"),
    path("customers/sync/runs/<uuid:run_id>/cancel/", Cancel.as_view(), name="api-sync-cancel"),
    path("customers/sync/runs/<uuid:run_id>/errors/", Errors.as_view(), name="api-sync-errors"),
    path("customers/changes/", Changes.as_view(), name="api-customers-changes"),
]
