"""Training scans per second of `mrimaster train` and of the same loop in PyTorch, by turns in one run.

    python throughput.py ../../target/release/mrimaster [--size 160] [--batch 32] [--threads 1] [--rounds 3]

Both train EfficientNet-Lite0 with AdamW on synthetic scans. PyTorch is given tensors that are ready,
with no augmentation and no average of the weights, once in its usual memory format and once with
channels last; MRIMaster does all it does in earnest.
"""

import argparse
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

import torch
from torch.nn import functional as F

from lite0 import efficientnet_lite0

SCANS = 256


def mrimaster(program, folder, out, a):
    command = [
        program, "train", folder, "--arch", "efficientnet-lite0", "--device", "cpu", "--epochs", "1",
        "--size", a.size, "--batch", a.batch, "--out", out,
    ]
    environment = {**os.environ, "MRIMASTER_THREADS": str(a.threads)}
    subprocess.run(list(map(str, command)), check=True, env=environment, stdout=subprocess.DEVNULL)
    epoch = json.loads((Path(out) / "efficientnet_lite0.history.json").read_text())[0]
    return epoch["scans_per_second"], epoch["idle"]


def pytorch(a, steps, channels_last):
    memory = torch.channels_last if channels_last else torch.contiguous_format
    model = efficientnet_lite0(num_classes=4).to(memory_format=memory).train()
    optimizer = torch.optim.AdamW(model.parameters(), 1e-3)
    scans = torch.randn(a.batch, 3, a.size, a.size).to(memory_format=memory)
    labels = torch.randint(0, 4, (a.batch,))
    started = time.perf_counter()
    for _ in range(steps):
        optimizer.zero_grad()
        F.cross_entropy(model(scans), labels).backward()
        optimizer.step()
    return steps * a.batch / (time.perf_counter() - started)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    for name, value in [("size", 160), ("batch", 32), ("threads", 1), ("rounds", 3)]:
        parser.add_argument(f"--{name}", type=int, default=value)
    a = parser.parse_args()
    torch.set_num_threads(a.threads)
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as out:
        subprocess.run(
            [a.program, "phantom", folder, "--count", str(SCANS)], check=True, stdout=subprocess.DEVNULL
        )
        ratios = []
        for _ in range(a.rounds):
            ours, idle = mrimaster(a.program, folder, out, a)
            steps = SCANS * 4 // 5 // a.batch
            usual, last = (pytorch(a, steps, channels_last) for channels_last in (False, True))
            ratios.append((ours / usual, ours / last))
            print(
                f"MRIMaster {ours:.1f} scans/s, idle {idle:.1%}; PyTorch {usual:.1f}, with channels last "
                f"{last:.1f}; ratio {ours / usual:.2f} and {ours / last:.2f}", flush=True
            )
        middle = sorted(ratios)[len(ratios) // 2]
        print(f"median ratio {middle[0]:.2f}; with channels last {middle[1]:.2f}")
