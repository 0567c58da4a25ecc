"""Twilio-style voice: what Twilio, and the carriers that speak as it does, send and want to hear."""
