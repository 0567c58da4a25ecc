"""Whether a flow holds: one validator, and what it knows of variables, ways and the house."""
