"""GitHub: what protects the environments, the environment branches and the release tags, as code (REQ-G8)."""
