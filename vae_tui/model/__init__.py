"""The networks: torch module, its numpy twin, loss, gradient. No other room knows architectures."""
