"""Customers as files: read with a preview of each change, and written as streams."""
