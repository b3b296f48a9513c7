"""Train the volatility MLP on the S&P 500 and write model.onnx, held-out.json and samples/.

    python3 -m venv .venv && .venv/bin/pip install -r requirements.txt
    .venv/bin/python train.py             # train, export, measure
    .venv/bin/python train.py --validate  # expanding-window validation inside the training years

The prices come with the package arch, so nothing is downloaded. Seeds are fixed
and training runs on one CPU thread: on the same machine and with the pinned
versions, a second run writes the same bytes. The held-out years are used only to
measure the finished model; the settings below were fixed before they were looked
at, and --validate shows how they do inside the training years.
"""

import argparse
import hashlib
import json
from math import isqrt
from pathlib import Path

import arch.data.sp500
import numpy as np
import onnx
import onnx.reference
import torch
from torch import nn

OUT = Path(__file__).resolve().parent.parent

SEED = 0
HORIZON = 5  # trading days ahead whose volatility is predicted
LONGEST = 66  # trading days that the longest feature looks back
TRAIN_UNTIL = np.datetime64("2014-12-31")
CALIBRATION = 256
UNIT = 128  # basis points; a power of two, so that folding it into the weights is exact
EPOCHS = 60
BATCH = 64
LEARNING_RATE = 5e-3  # peak of the one-cycle schedule
WEIGHT_DECAY = 0.1
VALIDATION_YEARS = ((2005, 2006), (2007, 2008), (2009, 2010), (2011, 2012), (2013, 2014))


class VolatilityMLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden1 = nn.Linear(10, 16)
        self.hidden2 = nn.Linear(16, 8)
        self.output = nn.Linear(8, 1)

    def unbounded(self, features):
        return self.output(torch.relu(self.hidden2(torch.relu(self.hidden1(features)))))

    def forward(self, features):
        return torch.relu(self.unbounded(features))


def root_mean_square(returns):
    """Integer basis points from integer basis points: rounds the mean square down, then its root."""
    return isqrt(sum(r * r for r in returns) // len(returns))


def features_at(returns, day):
    """The ten inputs at the close of `day`, from integer returns in basis points."""
    past = returns[: day + 1]
    return [
        *(abs(past[-lag]) for lag in (1, 2, 3, 4, 5)),
        *(root_mean_square(past[-days:]) for days in (5, 10, 22, LONGEST)),
        root_mean_square([min(r, 0) for r in past[-5:]]),
    ]


def load_rows():
    """Rows in time order: position of the day in arch's table, last day the target needs, features, targets."""
    table = arch.data.sp500.load()
    closes, dates = table["Close"].to_numpy(), table.index.to_numpy()
    # returns[i] is the return of the table's day i; day 0 has none.
    returns = [0, *np.rint(1e4 * np.log(closes[1:] / closes[:-1])).astype(int).tolist()]
    days = range(LONGEST, len(returns) - HORIZON)
    features = np.array([features_at(returns, day) for day in days])
    targets = np.array([root_mean_square(returns[day + 1 : day + 1 + HORIZON]) for day in days])
    return np.array(days), dates[np.array(days)], dates[np.array(days) + HORIZON], features, targets


def train(features, targets, seed):
    """Trains in units of 128 bp with the output ReLU left off, then folds the unit into both ends."""
    torch.manual_seed(seed)
    rng = torch.Generator().manual_seed(seed)
    model = VolatilityMLP()
    inputs = torch.tensor(features / UNIT, dtype=torch.float32)
    wanted = torch.tensor(targets / UNIT, dtype=torch.float32).view(-1, 1)
    with torch.no_grad():
        model.output.bias.fill_(wanted.mean())
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    steps = EPOCHS * -(-len(wanted) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=steps)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(wanted), generator=rng).split(BATCH):
            optimizer.zero_grad()
            nn.functional.mse_loss(model.unbounded(inputs[rows]), wanted[rows]).backward()
            optimizer.step()
            schedule.step()
    with torch.no_grad():
        model.hidden1.weight /= UNIT
        model.output.weight *= UNIT
        model.output.bias *= UNIT
    return model.eval()


def predict(model, features):
    with torch.no_grad():
        return model(torch.tensor(features, dtype=torch.float32)).numpy()[:, 0]


def least_squares(features, targets, new_features, columns):
    def design(rows):
        return np.column_stack([np.ones(len(rows)), rows[:, columns]])

    return design(new_features) @ np.linalg.lstsq(design(features), targets, rcond=None)[0]


def forecasts(features, targets, new_features, seed):
    """Every method's forecast for new_features, fitted on features and targets. The MLP's model comes too."""
    model = train(features, targets, seed)
    return model, {
        "MLP": predict(model, new_features),
        # The heterogeneous autoregressive model: linear in the 1, 5 and 22 day volatilities.
        "HAR": least_squares(features, targets, new_features, [0, 5, 7]),
        "linear, same ten": least_squares(features, targets, new_features, range(10)),
        "last week": new_features[:, 5].astype(float),
        "last 22 days": new_features[:, 7].astype(float),
        "mean of training": np.full(len(new_features), targets.mean()),
    }


def report(by_method, targets):
    for name, forecast in by_method.items():
        error = forecast - targets
        fit = 1 - (error**2).sum() / ((targets - targets.mean()) ** 2).sum()
        print(
            f"{name:17} RMSE {np.sqrt((error**2).mean()):6.2f}  MAE {np.abs(error).mean():6.2f}  "
            f"mean error {error.mean():+6.2f}  R2 {fit:+.3f}"
        )


def interval(by_method, rival, targets, block=22, draws=2000):
    """95 % interval of RMSE(MLP) - RMSE(rival) by circular block bootstrap; neighbouring targets overlap."""
    rng = np.random.default_rng(0)
    squares = np.stack([(by_method[name] - targets) ** 2 for name in ("MLP", rival)])
    n = len(targets)
    differences = []
    for _ in range(draws):
        starts = rng.integers(0, n, -(-n // block))
        rows = ((starts[:, None] + np.arange(block)) % n).ravel()[:n]
        ours, theirs = np.sqrt(squares[:, rows].mean(1))
        differences.append(ours - theirs)
    return np.percentile(differences, [2.5, 97.5])


def validate(dates, ends, features, targets, seeds=(0, 1, 2)):
    for first, last in VALIDATION_YEARS:
        start, stop = np.datetime64(f"{first}-01-01"), np.datetime64(f"{last}-12-31")
        fit = ends < start
        check = (dates >= start) & (ends <= stop)
        print(f"{first}-{last}, {check.sum()} days")
        for seed in seeds:
            by_method = forecasts(features[fit], targets[fit], features[check], seed)[1]
            report(by_method if seed == seeds[-1] else {"MLP": by_method["MLP"]}, targets[check])


def export(model, path):
    program = torch.onnx.export(
        model,
        (torch.zeros(1, 10),),
        input_names=["volatilities"],
        output_names=["forecast"],
        opset_version=20,
        dynamo=True,
        external_data=False,
        verbose=False,
    )
    proto = program.model_proto
    strip(proto)
    proto.producer_version = torch.__version__.split("+")[0]  # not the build: +cpu, +cu132
    onnx.checker.check_model(proto, full_check=True)
    path.write_bytes(proto.SerializeToString(deterministic=True))
    return proto


def strip(message):
    """Remove what the exporter notes about this machine: stack traces, file paths."""
    for field in ("metadata_props", "doc_string"):
        if field in message.DESCRIPTOR.fields_by_name:
            message.ClearField(field)
    for field, value in message.ListFields():
        if field.message_type is not None:
            for child in [value] if hasattr(value, "DESCRIPTOR") else value:
                strip(child)


def compact(value):
    return json.dumps(value, separators=(",", ":"))


def samples_json(rows, targets=None):
    """Compact JSON with one day per line."""
    text = '{"input_data":[\n' + ",\n".join(compact(row) for row in rows.tolist()) + "\n]"
    if targets is not None:
        text += ',\n"targets":' + compact(targets.tolist())
    return text + "}\n"


def write_samples(positions, features, targets, fit, held_out):
    rows, wanted = features[held_out], targets[held_out]
    # The hash is over compact JSON: {"input_data":[[...],...],"targets":[...]}
    canonical = compact({"input_data": rows.tolist(), "targets": wanted.tolist()})
    sha256 = hashlib.sha256(canonical.encode()).hexdigest()
    print(f"held-out   sha256 {sha256}")
    (OUT / "held-out.json").write_text(
        compact({"indices": positions[held_out].tolist(), "sha256": sha256}) + "\n"
    )
    samples = OUT / "samples"
    samples.mkdir(exist_ok=True)
    (samples / "held-out.json").write_text(samples_json(rows, wanted))
    # Days spread over the training years, the one with the highest monthly volatility included.
    spread = fit[np.linspace(0, len(fit) - 1, CALIBRATION - 1).astype(int)]
    wildest = fit[np.argmax(features[fit, 7])]
    (samples / "calibration.json").write_text(samples_json(features[np.sort([*spread, wildest])]))
    (samples / "input.json").write_text(samples_json(rows[-1:]))


def main():
    parser = argparse.ArgumentParser(description="Train the volatility MLP.")
    parser.add_argument("--validate", action="store_true", help="validate inside the training years, write nothing")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)

    positions, dates, ends, features, targets = load_rows()
    # A target reaches five days ahead: days whose target crosses the border are in neither part.
    fit = np.flatnonzero(ends <= TRAIN_UNTIL)
    held_out = np.flatnonzero(dates > TRAIN_UNTIL)
    if args.validate:
        return validate(dates[fit], ends[fit], features[fit], targets[fit])

    model, by_method = forecasts(features[fit], targets[fit], features[held_out], SEED)
    for name, rows in (("train", fit), ("held-out", held_out)):
        first, last = (np.datetime_as_string(dates[rows[i]], unit="D") for i in (0, -1))
        print(f"{name}: {len(rows)} days, {first} to {last}, mean target {targets[rows].mean():.1f}")
    report({"MLP on training": predict(model, features[fit])}, targets[fit])
    report(by_method, targets[held_out])
    for rival in ("HAR", "linear, same ten", "last 22 days"):
        low, high = interval(by_method, rival, targets[held_out])
        print(f"RMSE of MLP less that of {rival}: 95 % interval {low:+.2f} to {high:+.2f}")
    print(f"greatest feature {features.max()}, greatest target {targets.max()}")

    path = OUT / "model.onnx"
    evaluator = onnx.reference.ReferenceEvaluator(export(model, path))
    exported = [
        evaluator.run(["forecast"], {"volatilities": row[None].astype(np.float32)})[0][0, 0]
        for row in features[held_out]
    ]
    assert np.allclose(exported, by_method["MLP"], rtol=1e-4), "the exported model disagrees with PyTorch"
    print(f"model.onnx sha256 {hashlib.sha256(path.read_bytes()).hexdigest()}")
    write_samples(positions, features, targets, fit, held_out)


if __name__ == "__main__":
    main()
