"""Plays Meta: posts what somebody wrote, takes what we send, tells what became of it."""
