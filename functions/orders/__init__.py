"""The `orders` workload: an API that accepts orders once, a processor that stores and archives them once."""
