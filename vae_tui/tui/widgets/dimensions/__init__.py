"""What the Dimensions view is made of: the KL of each dimension, its history, its digits."""
