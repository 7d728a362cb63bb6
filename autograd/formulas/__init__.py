"""Formulas: the table read with names in place of numbers, and how they look.

=============  ===================================================================================
`terms`        the trees, and the table read as such
`tidying`      a product as one writes it by hand
`derivatives`  local derivatives as books print them
`pieces`       a formula at given numbers: its value, and which piece of it holds
`notation`     the walk that decides on signs and parentheses; text for a terminal
`latex`        … in LaTeX
`mathml`       … in MathML
`python`       … in Python that runs
`spelling`     names: their subscripts and superscripts, and how they are escaped
`numbers`      numbers as text
`rounding`     numbers rounded so that what is printed adds up
`documented`   what `help` says of a function of the table
=============  ===================================================================================

Explanations are made of these, and what a compiled program prints is made of these and of arrays
(`autograd.compiler.derivation`).
"""
