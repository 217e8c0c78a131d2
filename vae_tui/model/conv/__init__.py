"""The convolutional network: the sizes of its layers, its torch module, its numpy twin."""
