"""How contacts reach us, and how we answer them. The only room that knows providers."""
