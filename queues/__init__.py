"""Where contacts wait, and who takes them. Knows neither flows nor providers."""
