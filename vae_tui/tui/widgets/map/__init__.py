"""What the Map view is made of: the cloud of points, the manifold, the classes."""
