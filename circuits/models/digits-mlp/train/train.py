"""Train the digits MLP and write model.onnx, held-out.json and samples/.

    python3 -m venv .venv && .venv/bin/pip install -r requirements.txt
    .venv/bin/python train.py             # train, export, measure (about ten seconds)
    .venv/bin/python train.py --validate  # 5-fold cross-validation inside the training part

The data come with scikit-learn, so nothing is downloaded. Seeds are fixed and
training runs on one CPU thread: on the same machine and with the pinned
versions, a second run writes the same bytes. The held-out digits are used only
to measure the finished model; every setting below was chosen with --validate.
"""

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
import onnx.reference
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.model_selection import StratifiedKFold, train_test_split
from torch import nn

OUT = Path(__file__).resolve().parent.parent

SEED = 0
HELD_OUT = 450
PIXEL_MAX = 16  # pixels are integers 0..16
EPOCHS = 600
BATCH = 64
LEARNING_RATE = 1e-2  # peak of the one-cycle schedule
WEIGHT_DECAY = 0.03
ROTATE, WARP, SHIFT, NOISE = 0.15, 0.1, 0.1, 0.1  # standard deviations, see augment()


class DigitsMLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(64, 32)
        self.output = nn.Linear(32, 10)

    def forward(self, pixels):
        logits = self.output(torch.relu(self.hidden(pixels)))
        return logits, torch.argmax(logits, dim=1)


def augment(images, rng):
    """A random affine warp (rotation, scale and shear, shift) and pixel noise."""
    n = len(images)
    turn = torch.tensor([[0.0, -1.0], [1.0, 0.0]])
    linear = (
        torch.eye(2)
        + ROTATE * turn * torch.randn(n, 1, 1, generator=rng)
        + WARP * torch.randn(n, 2, 2, generator=rng)
    )
    shift = SHIFT * torch.randn(n, 2, 1, generator=rng)
    grid = F.affine_grid(torch.cat([linear, shift], 2), images.shape, align_corners=False)
    warped = F.grid_sample(images, grid, align_corners=False).view(n, 64)
    return warped + NOISE * torch.randn(n, 64, generator=rng)


def train(pixels, labels, seed):
    """Train on pixels / 16, then fold the 1/16 into the first layer (a power of two: exact)."""
    torch.manual_seed(seed)
    rng = torch.Generator().manual_seed(seed)
    model = DigitsMLP()
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    images = torch.tensor(pixels / PIXEL_MAX, dtype=torch.float32).view(-1, 1, 8, 8)
    targets = torch.tensor(labels)
    steps = EPOCHS * -(-len(targets) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=steps)
    for _ in range(EPOCHS):
        order = torch.randperm(len(targets), generator=rng)
        inputs = augment(images[order], rng)
        for x, t in zip(inputs.split(BATCH), targets[order].split(BATCH)):
            optimizer.zero_grad()
            F.cross_entropy(model(x)[0], t).backward()
            optimizer.step()
            schedule.step()
    with torch.no_grad():
        model.hidden.weight /= PIXEL_MAX
    return model.eval()


def predict(model, pixels):
    with torch.no_grad():
        logits, labels = model(torch.tensor(pixels, dtype=torch.float32))
    return logits.numpy(), labels.numpy()


def validate(pixels, labels, seeds=(0, 1)):
    hits = total = 0
    for seed in seeds:
        folds = StratifiedKFold(5, shuffle=True, random_state=1)
        for fit, check in folds.split(pixels, labels):
            model = train(pixels[fit], labels[fit], seed)
            hits += int((predict(model, pixels[check])[1] == labels[check]).sum())
            total += len(check)
    print(f"cross-validation: {hits}/{total} = {hits / total:.4f}")


def export(model, path):
    program = torch.onnx.export(
        model,
        (torch.zeros(1, 64),),
        input_names=["pixels"],
        output_names=["logits", "label"],
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


def samples_json(pixels, labels=None):
    """Compact JSON with one digit per line."""
    text = '{"input_data":[\n' + ",\n".join(compact(row) for row in pixels.tolist()) + "\n]"
    if labels is not None:
        text += ',\n"labels":' + compact(labels.tolist())
    return text + "}\n"


def main():
    parser = argparse.ArgumentParser(description="Train the digits MLP.")
    parser.add_argument("--validate", action="store_true", help="cross-validate only, write nothing")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)

    digits = load_digits()
    pixels, labels = digits.data.astype(np.int64), digits.target.astype(np.int64)
    fit, held_out = train_test_split(
        np.arange(len(labels)), test_size=HELD_OUT, stratify=labels, random_state=SEED
    )
    fit, held_out = np.sort(fit), np.sort(held_out)
    if args.validate:
        return validate(pixels[fit], labels[fit])

    model = train(pixels[fit], labels[fit], SEED)
    test_pixels, test_labels = pixels[held_out], labels[held_out]
    logits, predicted = predict(model, test_pixels)
    fit_accuracy = (predict(model, pixels[fit])[1] == labels[fit]).mean()
    hits = int((predicted == test_labels).sum())
    print(f"train:    {len(fit)} digits, accuracy {fit_accuracy:.4f}")
    print(f"held-out: {len(held_out)} digits, {hits} right, accuracy {hits / len(held_out):.4f}")

    path = OUT / "model.onnx"
    evaluator = onnx.reference.ReferenceEvaluator(export(model, path))
    exported = [
        evaluator.run(["label"], {"pixels": row[None].astype(np.float32)})[0][0] for row in test_pixels
    ]
    assert np.array_equal(exported, predicted), "the exported model disagrees with PyTorch"
    print(f"model.onnx sha256 {hashlib.sha256(path.read_bytes()).hexdigest()}")

    # The hash is over compact JSON: {"input_data":[[...],...],"labels":[...]}
    canonical = compact({"input_data": test_pixels.tolist(), "labels": test_labels.tolist()})
    sha256 = hashlib.sha256(canonical.encode()).hexdigest()
    print(f"held-out   sha256 {sha256}")
    (OUT / "held-out.json").write_text(compact({"indices": held_out.tolist(), "sha256": sha256}) + "\n")

    # The single sample: the first held-out digit that is right by a clear margin.
    ordered = np.sort(logits, axis=1)
    clear = (predicted == test_labels) & (ordered[:, -1] - ordered[:, -2] > 8)
    first = int(np.argmax(clear))
    samples = OUT / "samples"
    samples.mkdir(exist_ok=True)
    (samples / "held-out.json").write_text(samples_json(test_pixels, test_labels))
    (samples / "batch.json").write_text(samples_json(test_pixels[:8]))
    # Training digits: the integer model's activation scales come from them.
    (samples / "calibration.json").write_text(samples_json(pixels[fit[:256]]))
    (samples / "input.json").write_text(samples_json(test_pixels[first : first + 1]))
    print(f"input.json: held-out row {first}, a {test_labels[first]}, margin {ordered[first, -1] - ordered[first, -2]:.2f}")


if __name__ == "__main__":
    main()
