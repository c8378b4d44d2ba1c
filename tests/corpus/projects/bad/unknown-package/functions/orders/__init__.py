"""The package that exists."""
