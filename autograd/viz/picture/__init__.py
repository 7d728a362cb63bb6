"""`draw`: the picture of a graph."""
