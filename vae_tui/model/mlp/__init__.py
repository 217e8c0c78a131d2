"""The fully connected network: its torch module, its gradient, its numpy twin."""
