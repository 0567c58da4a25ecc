"""What operators see of fetches."""

from prometheus_client import Counter, Histogram

FETCHES = Counter("pareto_fetches_total", "Requests to data sources by how they ended.", ["source", "outcome"])
FETCH_SECONDS = Histogram(
    "pareto_fetch_seconds",
    "How long data sources took, all tries together.",
    ["source"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 60),
)
ASKED = Counter("pareto_questions_total", "What contacts asked, by what was known at once.", ["source", "known"])
