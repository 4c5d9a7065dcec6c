"""How well bump maps tell people apart, whole, with holes, and filled (Extreme 3D, Table 1, Figs. 6 and 7)."""
