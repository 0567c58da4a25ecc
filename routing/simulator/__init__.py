"""Tries a flow without touching anything real: the engine of live contacts, a simulated clock, and made-up events.

`simulate` is pure. What it needs from outside (opening hours, a customer's facts, recorded answers) is read before.
"""
