"""Customers and tiers for programs."""
