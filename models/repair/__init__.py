"""Repair of old photographs: a variational autoencoder that fills, a detector that finds damage."""
