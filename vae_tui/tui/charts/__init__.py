"""Series and a size to text; only ``plotext_curve`` imports plotext."""
