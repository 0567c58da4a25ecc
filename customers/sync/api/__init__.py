"""The sync for programs."""
