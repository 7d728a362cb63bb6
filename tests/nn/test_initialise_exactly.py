"""What a scheme draws for the biases has the mean and the spread its source says, too."""

import math
import statistics

import nn

COUNT = 2000


def test_the_books_gaussian_biases_are_standard_normal() -> None:
    biases = [neuron.b.data for neuron in nn.Layer(1, COUNT, init="gaussian", seed=0).neurons]
    # normal(0, 1), the book behind seed 004, chapter 1; five standard errors: of a mean 1/√n, of a variance √(2/n)
    assert abs(statistics.fmean(biases)) < 5 / math.sqrt(COUNT)
    assert abs(statistics.pvariance(biases) - 1) < 5 * math.sqrt(2 / COUNT)
