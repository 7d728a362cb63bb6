"""The program that runs, read in symbols: what ``print(program)`` shows, and its LaTeX.

For the network of the sources it is the vectorised form that source 002 (§5, equations 18 to 26) and source 004
(BP1 to BP4) derive by hand::

    z¹ = W¹ x + b¹                 eq. 18
    a¹ = σ(z¹)                     eq. 19
    δ² = (a² − y) ⊙ σ′(z²)         BP1
    δ¹ = (W²)ᵀ δ² ⊙ σ′(z¹)         BP2
    ∂E/∂b¹ = δ¹                    BP3
    ∂E/∂W¹ = δ¹ xᵀ                 BP4

==============  ==================================================================================
`indices`       the indices of what has a name
`terms`         what formulas of arrays have beside those of numbers (`autograd.formulas`)
`vectors`       a formula with indices as one without, where that says the same
`notations`     how they look, in a terminal and in LaTeX
`owners`        what the rows of a program belong to, and what that is called
`uses`          which of it needs a name
`elements`      the arrays of a program as formulas
`reader`        the array program, line by line
`nodes`         the scalar program likewise
`lines`         what comes of it
==============  ==================================================================================
"""

from autograd.compiler.derivation.lines import Derivation, Line
from autograd.compiler.derivation.nodes import derive_node_by_node
from autograd.compiler.derivation.notations import LaTeX, Plain
from autograd.compiler.derivation.reader import derive

__all__ = ["Derivation", "LaTeX", "Line", "Plain", "derive", "derive_node_by_node"]
