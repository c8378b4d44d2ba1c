"""Delivery: a release into an environment, or back out of it. Each step may die, and one more run ends right."""
