"""`nn.Classifier` and `nn.Regressor`: scikit-learn's own checks, and its tools around them."""

from __future__ import annotations

import copy
import pickle
import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_digits, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import nn

IRIS = load_iris(return_X_y=True)


@parametrize_with_checks([nn.Classifier(), nn.Regressor()])
def test_scikit_learns_own_checks(estimator: Any, check: Any) -> None:
    check(estimator)


def test_pipelines_searches_and_cross_validation_take_them() -> None:
    pipeline = make_pipeline(StandardScaler(), nn.Classifier((6,), epochs=40, lr=0.02, batch_size=16, random_state=0))
    assert cross_val_score(pipeline, *IRIS, cv=3).min() > 0.9
    search = GridSearchCV(pipeline, {"classifier__hidden": [(2,), (6, 6)], "classifier__lr": [1e-5, 0.02]}, cv=3)
    search.fit(*IRIS)
    assert search.best_params_["classifier__lr"] == 0.02
    assert search.score(*IRIS) > 0.9


def test_a_regressor_learns_numbers_of_one_target_and_of_several() -> None:
    X, y = load_diabetes(return_X_y=True)
    X, y = StandardScaler().fit_transform(X), (y - y.mean()) / y.std()
    one = nn.Regressor((8,), epochs=60, lr=0.01, random_state=0).fit(X[:300], y[:300])
    assert one.score(X[300:], y[300:]) > 0.35  # a linear fit reaches 0.5
    two = nn.Regressor((8,), epochs=60, lr=0.01, random_state=0).fit(X[:300], np.c_[y, -2 * y][:300])
    assert two.predict(X).shape == (442, 2)
    assert two.score(X[300:], np.c_[y, -2 * y][300:]) > 0.35


def test_it_reads_digits_as_well_as_scikit_learns_own() -> None:
    """On 360 digits one percent is 3.6 of them; three seeds, the mean of each."""
    X, y = load_digits(return_X_y=True)
    scores = []
    warnings.simplefilter("ignore", ConvergenceWarning)  # 60 epochs are not all it could learn
    for seed in range(3):
        a, b, c, d = train_test_split(X / 16, y, test_size=360, stratify=y, random_state=seed)
        ours = nn.Classifier(random_state=seed, epochs=60).fit(a, c)
        theirs = MLPClassifier(random_state=seed, max_iter=60).fit(a, c)
        scores.append((ours.score(b, d), theirs.score(b, d)))
    ours, theirs = np.mean(scores, 0)
    assert ours >= theirs - 0.005


def test_probabilities_are_those_of_the_network() -> None:
    classifier = nn.Classifier((4,), epochs=3, random_state=0).fit(*IRIS)
    X = IRIS[0][:20]
    z = np.array([[output.data for output in classifier.model_(x)] for x in X.tolist()])
    e = np.exp(z - z.max(1, keepdims=True))
    np.testing.assert_allclose(classifier.predict_proba(X), e / e.sum(1, keepdims=True), rtol=1e-12)
    np.testing.assert_allclose(np.exp(classifier.predict_log_proba(X)), classifier.predict_proba(X), rtol=1e-12)
    assert classifier.predict(X).tolist() == z.argmax(1).tolist()


def test_partial_fits_are_one_training() -> None:
    """Three epochs, one by one, are three epochs: the optimiser and the order of the samples go on."""
    settings: dict[str, Any] = {"hidden": (5,), "batch_size": 32, "random_state": 0}
    whole, parts = nn.Classifier(**settings, epochs=3).fit(*IRIS), nn.Classifier(**settings)
    for _ in range(3):
        parts.partial_fit(*IRIS, classes=[2, 1, 0])
    assert parts.model_.state_dict() == whole.model_.state_dict()
    assert parts.loss_curve_ == whole.loss_curve_
    with pytest.raises(ValueError, match=r"the classes are \[0 1 2\], and y has \[7\]"):
        parts.partial_fit(IRIS[0], IRIS[1].clip(0, 1) * 7)
    with pytest.raises(ValueError, match="the first partial_fit needs classes="):
        nn.Classifier().partial_fit(*IRIS)


def test_a_warm_start_goes_on_and_a_cold_one_begins() -> None:
    warm = nn.Classifier((5,), epochs=2, random_state=0, warm_start=True).fit(*IRIS).fit(*IRIS)
    four = nn.Classifier((5,), epochs=4, random_state=0).fit(*IRIS)
    assert warm.n_iter_ == 4
    assert warm.model_.state_dict() == four.model_.state_dict()
    cold = nn.Classifier((5,), epochs=2, random_state=0).fit(*IRIS).fit(*IRIS)
    assert cold.n_iter_ == 2


@pytest.mark.parametrize("engine", ["auto", "eager"])
def test_a_copy_or_a_pickle_answers_and_goes_on_alike(engine: str) -> None:
    classifier = nn.Classifier((3,), epochs=2, random_state=0, engine=engine).fit(*IRIS)
    for other in (copy.deepcopy(classifier), pickle.loads(pickle.dumps(classifier))):
        assert other.predict_proba(IRIS[0]).tolist() == classifier.predict_proba(IRIS[0]).tolist()
        assert other.partial_fit(*IRIS).n_iter_ == 3
    assert classifier.n_iter_ == 2
    assert not hasattr(clone(classifier), "model_")


def test_what_diverges_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(ValueError, match="no finite number any more: scale the inputs"), np.errstate(all="ignore"):
        nn.Regressor((4,), epochs=3, random_state=0).fit(np.array([[1e200], [2e200], [3e200]]), [1e200, 2.0, 3.0])


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"patience": -1}, "patience is a whole number"),
        ({"tol": "a"}, "tol is a"),
        ({"hidden": 8}, "hidden are a list"),
    ],
)
def test_settings_out_of_their_ranges_are_refused_in_a_sentence(settings: dict[str, Any], words: str) -> None:
    with pytest.raises((TypeError, ValueError), match=words):
        nn.Regressor(**settings).fit([[1.0], [2.0]], [1.0, 2.0])
