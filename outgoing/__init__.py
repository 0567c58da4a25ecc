"""What happened here, told to the company's other systems: signed, again until it is heard, and written down."""
