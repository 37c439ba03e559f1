"""Far: what runs in a worker. Nothing of the host's side imports it: it is started by name."""
