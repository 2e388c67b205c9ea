"""Reads safetensors with nothing but torch: float16 and float32."""

import json
import struct

import torch


def load(path):
    raw = open(path, "rb").read()
    length = struct.unpack("<Q", raw[:8])[0]
    header = json.loads(raw[8:8 + length])
    kinds = {"F16": torch.float16, "F32": torch.float32, "F64": torch.float64, "I64": torch.int64}
    return {name: torch.frombuffer(bytearray(raw[8 + length + e["data_offsets"][0]:8 + length + e["data_offsets"][1]]) , dtype=kinds[e["dtype"]]).view(e["shape"]).float()
            for name, e in header.items() if name != "__metadata__" and e["data_offsets"][1] > e["data_offsets"][0]}
