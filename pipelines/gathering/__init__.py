"""Gathering evidence for a promotion: git, the home's records, the project's own checks. I/O; judging is elsewhere."""
