// The examples, by the names that links know them by. Their text is Python's: examples/*.py.

import descent from "../examples/descent.py";
import digits from "../examples/digits.py";
import dying from "../examples/saturation.py";
import micrograd from "../examples/micrograd.py";
import neuron from "../examples/neuron.py";
import own from "../examples/primitive.py";
import second from "../examples/second.py";
import twos from "../examples/twos.py";
import xor from "../examples/xor.py";

export const EXAMPLES = {
  neuron: ["A neuron", neuron],
  twos: ["The 2-2-2 network, by its weights", twos],
  descent: ["Down a parabola", descent],
  saturation: ["Where a neuron learns nothing", dying],
  second: ["Derivatives of derivatives", second],
  primitive: ["A function of your own", own],
  micrograd: ["micrograd's first example", micrograd],
  xor: ["Exclusive or, learning", xor],
  digits: ["Read a digit that you draw", digits],
};
