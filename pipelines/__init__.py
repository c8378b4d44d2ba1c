"""AWS, git, deployment and the `lockstep` command, over the pure core of `validator`."""
