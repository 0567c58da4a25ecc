"""One folder a vendor; nothing outside it names the vendor."""
