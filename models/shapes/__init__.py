"""Shapes: a small VAE of drawn shapes, which the template of an autoencoder comes with."""
