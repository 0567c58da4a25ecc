"""Customers kept in step with the CRM: many records at once, streams of them, and what changed since."""
