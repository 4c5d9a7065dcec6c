"""Bump maps of photos by shape from shading, as training targets (Extreme 3D, Sec. 4.1)."""
