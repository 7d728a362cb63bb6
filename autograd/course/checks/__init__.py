"""What is right, one module a notebook: `CHECKS` by the numbers of its exercises."""
