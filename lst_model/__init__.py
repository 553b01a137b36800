"""LST networks: description, PyTorch module, training, quantisation and the integer reference model."""
