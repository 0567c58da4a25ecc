"""How many contacts took each edge of a flow: counted beside the calls, never by them."""
