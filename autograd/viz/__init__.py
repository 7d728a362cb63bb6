"""Three ways to look at a graph: `draw` a picture, `explain` a gradient in words, `explore` a page."""
