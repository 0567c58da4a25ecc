"""Flows and contacts for programs."""
