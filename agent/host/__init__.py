"""One module per program or kernel interface that we drive. No policy, no ownership."""
