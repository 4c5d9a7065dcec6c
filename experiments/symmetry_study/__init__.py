"""How well soft symmetry finds the side of turned faces that the camera does not see."""
