"""The course: exercises to each notebook, and a judge that never gives the answer away.

With this package one can

* see what there is and read a text: `exercises`, `exercise`, or ``python -m autograd.course`` in a terminal;
* hand in an answer: `check`. It is right, or the first thing that is wrong with it is named.

>>> from autograd.course import check, exercise
>>> exercise("1.1").title
'Predict two gradients'
>>> check("1.1", [-2.0, 3.0])
not yet: Your ∂e/∂a is -2. It is too small by a factor 2, and has the wrong sign.

What an answer is held against is computed by the engine, from a function that is written in the check. An answer in the
form of text is read by `autograd.expression`; nothing is ever executed but functions that are handed in.

One file, one idea: `texts` reads the exercises (`exercises/01.md` …), `checks` says what is right, one module a
notebook; `kinds` are the kinds of answers, `answers` reads what was given, `hints` says how it differs, `running` calls
what was handed in.
"""

from autograd.course.judging import Verdict, check
from autograd.course.texts import Exercise, exercise, exercises

__all__ = ["Exercise", "Verdict", "check", "exercise", "exercises"]
