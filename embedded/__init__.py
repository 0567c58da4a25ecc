"""Everything `make run` needs on one machine: a private PostgreSQL, a private Valkey, and the supervisor of all processes."""
