"""Train a variational auto-encoder over SSH, watch it, walk its latent space."""

__version__ = "0.1.0"
