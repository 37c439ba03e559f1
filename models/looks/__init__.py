"""Change look: a VAE of photographs' looks, and directions in it that have names."""
