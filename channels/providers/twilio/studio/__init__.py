"""Flows drawn in Twilio Studio, read from their exported definitions."""
