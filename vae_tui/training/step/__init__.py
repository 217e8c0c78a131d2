"""One optimiser step: eager, or captured as a CUDA graph. Knows no run folder and no events."""
