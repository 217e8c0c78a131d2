"""ELBO, importance-weighted NLL and the report of ``vae-tui eval``; uses torch."""
