"""One customer exported or erased everywhere, and how long each kind of data is kept."""
