"""`Classifier` and `Regressor`: multi-layer perceptrons as scikit-learn has its estimators.

They have scikit-learn's methods and manners, so that pipelines, grid searches and cross-validation take them; within,
they are `nn.MLP`, a loss, `nn.Adam` and `nn.fit`. The network is `model_`, to be looked at like any other.

>>> from sklearn.datasets import load_iris
>>> from sklearn.model_selection import cross_val_score
>>> from sklearn.pipeline import make_pipeline
>>> from sklearn.preprocessing import StandardScaler
>>> X, y = load_iris(return_X_y=True)
>>> pipeline = make_pipeline(StandardScaler(), Classifier((8,), lr=0.01, epochs=40, random_state=0))
>>> bool(cross_val_score(pipeline, X, y).mean() > 0.9)
True
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

import autograd
from nn.checkpoint import State
from nn.given import listed, setting, whole
from nn.layers import MLP
from nn.losses import cross_entropy, mse_loss
from nn.optim import Adam
from nn.training import Training, fit

__all__ = ["Classifier", "Regressor"]

Array = NDArray[Any]


class _MLPEstimator(BaseEstimator):  # type: ignore[misc]
    """What both have in common: the settings, and how they are trained.

    Args:
        hidden: the number of neurons of each hidden layer.
        activation: of the hidden layers.
        init: how weights are drawn, see `nn.MLP`; "he" for relu and "xavier" for others if not said.
        lr: the learning rate of Adam.
        weight_decay: of Adam: the gradient of ½ weight_decay · w² is added.
        epochs: how often each sample is learned from, at most.
        batch_size: samples a step.
        tol, patience: end when the mean loss, while learning, has not fallen by `tol` in so many epochs in a row;
            never if patience is None.
        engine: of `nn.fit`.
        random_state: of the weights and the order of the samples.
        warm_start: whether `fit` goes on from the weights that are there.
        verbose: whether to show a progress bar.

    Attributes:
        model_: the network.
        history_: what was measured, an `nn.history.History`.
        n_iter_: the epochs it has learned.
        loss_curve_: the mean loss of each.
    """

    def __init__(
        self,
        hidden: Sequence[int] = (100,),
        *,
        activation: Any = "relu",
        init: Any = None,
        lr: float = 1e-3,
        weight_decay: float = 0.0,
        epochs: int = 200,
        batch_size: int = 200,
        tol: float = 1e-4,
        patience: int | None = 10,
        engine: str = "auto",
        random_state: Any = None,
        warm_start: bool = False,
        verbose: bool = False,
    ) -> None:
        self.hidden = hidden
        self.activation = activation
        self.init = init
        self.lr = lr
        self.weight_decay = weight_decay
        self.epochs = epochs
        self.batch_size = batch_size
        self.tol = tol
        self.patience = patience
        self.engine = engine
        self.random_state = random_state
        self.warm_start = warm_start
        self.verbose = verbose

    def _learn(self, X: Array, y: Array, nout: int, epochs: int, *, go_on: bool) -> None:
        listed("hidden", self.hidden)
        setting("tol", self.tol, 0)
        if self.patience is not None:
            whole("patience", self.patience)
        state: State | None = getattr(self, "_state", None) if go_on else None
        if not (go_on and hasattr(self, "model_")):
            random = check_random_state(self.random_state)
            self._seed = int(random.randint(2**31))
            init = self.init or ("he" if self.activation == "relu" else "xavier")
            sizes = X.shape[1], [*self.hidden, nout]
            self.model_ = MLP(*sizes, activation=self.activation, init=init, seed=self._seed)
            state = None
        memory = _Memory(state)
        done = state.history[-1].number if state is not None else 0
        adam = partial(Adam, lr=self.lr, weight_decay=self.weight_decay)
        self.history_ = fit(
            self.model_,
            X,
            y,
            loss=self._loss,
            optimiser=adam,
            epochs=done + epochs,
            batch_size=min(self.batch_size, len(X)),
            callbacks=[] if self.patience is None else [partial(self._is_flat, done)],
            checkpoint=memory,  # type: ignore[arg-type]
            engine=self.engine,
            seed=self._seed,
            progress=self.verbose,
        )
        if "finite" in self.history_.stopped:
            raise ValueError(
                "the loss is no finite number any more: scale the inputs (StandardScaler) and the targets, or take a "
                "smaller lr"
            )
        self._state = memory.state
        self._programs: dict[str, Any] = {}
        self.n_iter_ = self.history_[-1].number
        self.loss_curve_ = [epoch.learning for epoch in self.history_]

    def _is_flat(self, done: int, training: Training) -> bool:
        """Whether the loss has stopped falling, since `fit` was called."""
        best, flat = np.inf, 0
        for epoch in training.history[done:]:
            flat = flat + 1 if epoch.learning > best - self.tol else 0
            best = min(best, epoch.learning)
        return flat > (self.patience or 0)

    def _outputs(self, X: Any) -> Array:
        check_is_fitted(self, "model_")
        X = validate_data(self, X, reset=False, dtype=np.float64)
        if "outputs" not in self._programs:
            self._programs["outputs"] = autograd.compile(self.model_, example=(X[0],))
        return np.asarray(self._programs["outputs"](X)).reshape(len(X), -1)

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()
        return state | ({"_programs": {}} if "_programs" in state else {})  # they are made again when needed


class _Memory:
    """A checkpoint that is kept in memory: what `partial_fit` and `warm_start` go on from."""

    written = True

    def __init__(self, state: State | None) -> None:
        self.state = state

    def begin(self, settings: Any) -> State | None:
        """Go on with the settings of now, also where it was ended."""
        if self.state is None:
            return None
        self.state.history.stopped = ""
        return replace(self.state, attributes={})

    def is_due(self, epoch: int) -> bool:
        return False

    def is_late(self) -> bool:
        return False

    def save(self, state: State) -> None:
        self.state = state


class Classifier(ClassifierMixin, _MLPEstimator):  # type: ignore[misc]
    __doc__ = """A multi-layer perceptron that tells classes apart: `nn.cross_entropy` of one output a class.

    Beside scikit-learn's `MLPClassifier` the settings have the names of `nn`.

""" + str(_MLPEstimator.__doc__).partition("\n\n")[2]

    _loss = staticmethod(cross_entropy)
    classes_: Array

    def fit(self, X: Any, y: Any) -> Self:
        """Learn from samples: X (samples × features), y (samples), the class of each."""
        X, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        go_on = self.warm_start and hasattr(self, "classes_")
        classes, numbers = np.unique(y, return_inverse=True)
        if go_on and not np.array_equal(classes, self.classes_):
            raise ValueError(f"warm_start goes on with the classes {self.classes_}, and y has {classes}")
        self.classes_ = classes
        self._learn(X, numbers.ravel(), len(classes), self.epochs, go_on=go_on)
        return self

    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> Self:
        """Learn once from these samples, going on from what has been learned.

        Args:
            X, y: as for `fit`.
            classes: all that there will ever be; needed in the first call.
        """
        first = not hasattr(self, "classes_")
        X, y = validate_data(self, X, y, reset=first, dtype=np.float64)
        check_classification_targets(y)
        if first:
            if classes is None:
                raise ValueError("the first partial_fit needs classes=, all that there will ever be")
            self.classes_ = np.unique(classes)
        elif classes is not None and not np.array_equal(np.unique(classes), self.classes_):
            raise ValueError(f"the classes are {self.classes_} since the first partial_fit, and now {classes}")
        unknown = np.setdiff1d(y, self.classes_)
        if len(unknown):
            raise ValueError(f"the classes are {self.classes_}, and y has {unknown}")
        self._learn(X, np.searchsorted(self.classes_, y), len(self.classes_), 1, go_on=True)
        return self

    def decision_function(self, X: Any) -> Array:
        """The outputs z before the softmax, (samples × classes); of two classes z₁ − z₀ alone (samples)."""
        z = self._outputs(X)
        return z[:, 1] - z[:, 0] if len(self.classes_) == 2 else z

    def predict_proba(self, X: Any) -> Array:
        """The probability of each class, softmax(z): (samples × classes)."""
        return np.asarray(softmax(self._outputs(X), axis=1))

    def predict_log_proba(self, X: Any) -> Array:
        """Its logarithm."""
        return np.log(self.predict_proba(X))

    def predict(self, X: Any) -> Array:
        """The likeliest class of each sample."""
        z = self._outputs(X)
        return np.asarray(self.classes_[z.argmax(1)])


class Regressor(RegressorMixin, _MLPEstimator):  # type: ignore[misc]
    __doc__ = """A multi-layer perceptron that gives numbers: `nn.mse_loss` of one output a target.

    Beside scikit-learn's `MLPRegressor` the settings have the names of `nn`.

""" + str(_MLPEstimator.__doc__).partition("\n\n")[2]

    _loss = staticmethod(mse_loss)

    def fit(self, X: Any, y: Any) -> Self:
        """Learn from samples: X (samples × features), y (samples) or (samples × targets)."""
        X, y = validate_data(self, X, y, multi_output=True, y_numeric=True, dtype=np.float64)
        self._learn_numbers(X, y, self.epochs, go_on=self.warm_start and hasattr(self, "model_"))
        return self

    def partial_fit(self, X: Any, y: Any) -> Self:
        """Learn once from these samples, going on from what has been learned."""
        first = not hasattr(self, "model_")
        X, y = validate_data(self, X, y, reset=first, multi_output=True, y_numeric=True, dtype=np.float64)
        self._learn_numbers(X, y, 1, go_on=True)
        return self

    def _learn_numbers(self, X: Array, y: Array, epochs: int, *, go_on: bool) -> None:
        self._shape = y.shape[1:]
        self._learn(X, y.reshape(len(y), -1).astype(np.float64), int(np.prod(self._shape)), epochs, go_on=go_on)

    def predict(self, X: Any) -> Array:
        """The outputs: (samples) or (samples × targets), as those learned from."""
        return self._outputs(X).reshape(-1, *self._shape)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
