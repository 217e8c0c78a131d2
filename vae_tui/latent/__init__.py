"""Latent codes: samples, walks, morphs, projections, t-SNE, diagnosis. numpy, never torch."""
