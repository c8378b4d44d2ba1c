"""The environments, in the order in which a release moves through them (REQ-G1)."""

ENVIRONMENTS = ("dev", "staging", "prod")
