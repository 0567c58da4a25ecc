"""What is counted of webhooks, whichever provider's they are."""

from prometheus_client import Counter, Histogram

REFUSED = Counter("pareto_webhooks_refused", "Webhooks that were refused", ["provider", "cause"])
TOOK = Histogram(
    "pareto_webhook_seconds",
    "How long webhooks took to answer",
    ["provider", "kind"],
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 1.5, 2, 3, 5, 10, 15),
)
