"""Sceptre projects that were not born here."""
