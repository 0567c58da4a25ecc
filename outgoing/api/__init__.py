"""Webhook subscriptions for programs."""
