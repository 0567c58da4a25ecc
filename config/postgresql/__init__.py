"""Django's PostgreSQL backend, whose pool looks at a connection before it hands it out."""
