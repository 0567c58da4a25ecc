"""Queues for programs."""
