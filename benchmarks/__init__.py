"""What `make bench` measures: `engine` the engine, `compiled` the compiler; `timing` is how, `graphs` on what."""
