"""Latent codes: samples, interpolations, projections, t-SNE, diagnosis. numpy, never torch."""
