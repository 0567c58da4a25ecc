"""Flows and contacts, as a manager sees them."""

from routing.admin import contacts, flows

__all__ = ["contacts", "flows"]
