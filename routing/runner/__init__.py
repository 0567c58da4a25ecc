"""The shell around the engine: loads a contact, lets the engine advance it, carries out effects, saves.

Nothing here holds a lock or a transaction while it waits: a turn is computed first and then saved by
one statement that only succeeds if nobody else saved that turn (docs/decisions/0002).
"""
