"""The engine: a pure function from a plan, a state and an event to a new state, effects and a trace.

No Django, no clock, no input or output: whatever the engine needs to know is handed to it.
"""
