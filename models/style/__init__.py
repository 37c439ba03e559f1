"""Style: a photograph in the manner of any picture. Network, training, export, measurements."""
