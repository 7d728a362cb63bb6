"""What a graph is, before anything is shown of it: its layers and neurons, its modules, its names, its gradients."""
