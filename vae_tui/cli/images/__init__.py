"""Commands about images of the user's own: their codes, and how usual they are to a run."""
