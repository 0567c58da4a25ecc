"""A small carrier: it signs webhooks and follows TwiML as Twilio does, for tests, `call` and the test-call page."""
