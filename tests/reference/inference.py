"""Forward passes, maps and evaluations of MRIMaster beside PyTorch's, in turns in one run.

    python inference.py [--rounds 9] [--threads 2] [--model ../../weights/efficientnet_b0.safetensors]
                        [--data FOLDER]

Both take EfficientNet-B0. PyTorch is torchvision's network in eval mode: "eager" in its usual memory
format, "channels last" in that, batch norms as they are. Its forward passes get tensors that are ready;
MRIMaster's evaluation of `--data`, a folder of class folders, begins with the files. Every figure is the
median of the rounds' ratios, by wall time and by processor time: PyTorch's seconds over MRIMaster's, so
that more is faster.
"""

import argparse
import json
import os
import statistics
import subprocess
import time
from pathlib import Path

import torch
import torchvision

ROOT = Path(__file__).resolve().parents[2]
SIDE = 224


class Bench:
    """The Rust side: a line in, seconds out."""

    def __init__(self, threads):
        command = ["cargo", "bench", "--locked", "--bench", "inference", "--", "turns"]
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "MRIMASTER_THREADS": str(threads)}
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __call__(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        return [float(word) for word in self.process.stdout.readline().split()]


def timed(work, units):
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return [(time.perf_counter() - wall) / units, (time.process_time() - cpu) / units]


def network(channels_last):
    model = torchvision.models.efficientnet_b0(num_classes=4).eval().requires_grad_(False)
    return model.to(memory_format=memory(channels_last))


def memory(channels_last):
    return torch.channels_last if channels_last else torch.contiguous_format


def forward(model, batch, side, channels_last, times):
    scans = torch.rand(batch, 3, side, side).to(memory_format=memory(channels_last))

    def work():
        with torch.no_grad():
            for _ in range(times):
                model(scans)

    return timed(work, times)


def passes(model, times):
    """Forward and backward to every spatial convolution's output, usual memory format."""
    found = []
    gates = torchvision.ops.SqueezeExcitation
    hooks = [
        child.register_forward_hook(lambda _, __, output: found.append(output))
        for parent in model.modules() if not isinstance(parent, gates)
        for child in parent.children() if isinstance(child, torch.nn.Conv2d)
    ]
    for module in model.modules():
        if getattr(module, "inplace", False):
            module.inplace = False
    scan = torch.rand(1, 3, SIDE, SIDE, requires_grad=True)

    def work():
        for _ in range(times):
            found.clear()
            logits = model(scan)
            assert len(torch.autograd.grad(logits[0, 0], found)) == 49

    seconds = timed(work, times)
    [hook.remove() for hook in hooks]
    return seconds


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--model", default=ROOT / "weights/efficientnet_b0.safetensors")
    parser.add_argument("--data")
    a = parser.parse_args()
    bench = Bench(a.threads)
    eager, last, tapped = network(False), network(True), network(False)
    size = json.loads(Path(a.model).with_suffix(".json").read_text())["input"]["size"]

    torch.set_num_threads(1)
    measured = {
        "forward, batch 1, to eager": (
            lambda: forward(eager, 1, SIDE, False, 8), lambda: bench("forward", 1, 8)),
        "forward, batch 32, to eager": (
            lambda: forward(eager, 32, SIDE, False, 1), lambda: bench("forward", 32, 1)),
        "forward, batch 1, to channels last": (
            lambda: forward(last, 1, SIDE, True, 8), lambda: bench("forward", 1, 8)),
        "forward, batch 32, to channels last": (
            lambda: forward(last, 32, SIDE, True, 1), lambda: bench("forward", 32, 1)),
        "forward and backward pass, to eager": (
            lambda: passes(tapped, 4), lambda: bench("passes", 4)),
        "maps of 49 layers, upsampled, to eager passes alone": (
            lambda: passes(tapped, 4), lambda: bench("maps", 4)),
    }

    def ready_tensors():
        torch.set_num_threads(a.threads)
        seconds = forward(last, 32, size, True, 8)
        torch.set_num_threads(1)
        return [second / 32 for second in seconds]

    if a.data:
        name = f"evaluation, {a.threads} threads, to a channels-last forward on ready tensors"
        measured[name] = (
            ready_tensors, lambda: bench("evaluate", Path(a.model).resolve(), a.data, a.threads))
    for theirs, ours in measured.values():
        theirs(), ours()
    for name, (theirs, ours) in measured.items():
        pairs = [(theirs(), ours()) for _ in range(a.rounds)]
        wall, cpu = (statistics.median(t[i] / o[i] for t, o in pairs) for i in (0, 1))
        milliseconds = [statistics.median(one[0] for one in side) * 1e3 for side in zip(*pairs)]
        print(
            f"{name}: {wall:.2f} by wall time, {cpu:.2f} by processor time "
            f"({milliseconds[0]:.1f} ms and {milliseconds[1]:.1f} ms)", flush=True
        )
