"""The data set of a run: found in a data folder, downloaded, or converted from own images."""
