"""The program that the demo tunes: gradient boosting on handwritten digits.

Trains scikit-learn's HistGradientBoostingClassifier on the 1,797 digits of
load_digits, three-fold cross-validated, and prints the log loss. It knows
nothing of kriged: parameters come as flags, the result is one line on stdout.
Without flags it is the model with its default settings.
"""
import argparse

from sklearn.datasets import load_digits
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import StratifiedKFold, cross_val_score


def main():
    flags = argparse.ArgumentParser(description=__doc__)
    flags.add_argument("--learning-rate", type=float)
    flags.add_argument("--leaves", type=int, dest="max_leaf_nodes")
    flags.add_argument("--min-leaf", type=int, dest="min_samples_leaf")
    flags.add_argument("--l2", type=float, dest="l2_regularization")
    flags.add_argument("--features", type=float, dest="max_features")
    flags.add_argument("--interactions", choices=["all", "pairwise", "none"])
    flags.add_argument("--trees", type=int, dest="max_iter")
    settings = {k: v for k, v in vars(flags.parse_args()).items() if v is not None}
    interactions = {"pairwise": "pairwise", "none": "no_interactions"}
    settings["interaction_cst"] = interactions.get(settings.pop("interactions", "all"))

    images, digits = load_digits(return_X_y=True)
    model = HistGradientBoostingClassifier(random_state=0, **settings)
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    scores = cross_val_score(model, images, digits, cv=folds, scoring="neg_log_loss")
    print(f"log_loss={-scores.mean():.6f}")


if __name__ == "__main__":
    main()
