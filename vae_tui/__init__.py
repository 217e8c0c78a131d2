"""Train a variational auto-encoder over SSH, watch it and walk its latent space, in the terminal."""

__version__ = "0.1.0"
