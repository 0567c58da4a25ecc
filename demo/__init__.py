"""A made-up company to try Pareto with: customers, queues, flows, and the API that says what callers are worth."""
