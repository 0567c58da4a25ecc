"""Numbers at the carriers: found, bought, pointed at us, and given back; whichever carrier's they are."""
