"""Decides where a contact goes. Knows no provider."""
