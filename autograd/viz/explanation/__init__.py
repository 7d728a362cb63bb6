"""`explain`: why a gradient is what it is, in words, formulas and numbers."""
