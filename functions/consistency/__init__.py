"""The consistency function: an environment against its release and the others, after each stack's change (REQ-C3)."""
