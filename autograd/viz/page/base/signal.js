// What one module tells and others hear, so that neither has to import the other.

/** A function that passes what it is told on to its listeners, in the order in which they came. */
export function signal() {
  const listeners = [];
  const tell = (...told) => listeners.forEach((listener) => listener(...told));
  tell.hear = (listener) => listeners.push(listener);
  return tell;
}
