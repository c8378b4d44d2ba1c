"""Speed and memory, measured against the plain tools in the same run: `make bench`."""
