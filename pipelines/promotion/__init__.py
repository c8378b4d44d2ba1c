"""Promotion: what lets a release into an environment. Deciding is pure: evidence and policy in, a decision out."""
