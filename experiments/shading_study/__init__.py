"""How well shape from shading finds known relief, and how long it takes, for each set of parameters."""
