"""Formulas: the table read with names in place of numbers, and how they look in a terminal, in LaTeX and in MathML."""
