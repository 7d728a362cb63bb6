"""What a graph is, before anything is shown of it.

=============  ===================================================================================
`levels`       layers and neurons, found in the graph alone
`modules`      the modules of a model, found in the graph
`names`        what its nodes are called
`annotated`    all that, and its local derivatives and gradients, looked at once
=============  ===================================================================================
"""
