"""Lambda handlers, thin, one package a workload. Each package is what its zip holds, besides its wheels."""
