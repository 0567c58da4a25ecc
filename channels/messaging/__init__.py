"""Conversations in writing: events come in, are handled in order, and answers leave through an outbox.

Knows no vendor: what providers post is parsed by them into `inbound.Incoming`, what leaves is sent by them.
How it holds together when processes die is told in docs/decisions/0010.
"""
