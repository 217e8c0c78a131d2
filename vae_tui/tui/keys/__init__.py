"""Bindings and the order in which keys are handled."""
