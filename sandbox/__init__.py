"""The embedded local AWS: ministack, what it lacks, and the command that runs it."""
