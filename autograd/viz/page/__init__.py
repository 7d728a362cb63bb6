"""The page: a graph that stays alive in a browser. Python makes it; the modules in the folders here are its own."""
