"""The suite; it mirrors the packages it tests."""
