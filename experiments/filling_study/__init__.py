"""How near filled bumps come to the truth, on rendered faces."""
