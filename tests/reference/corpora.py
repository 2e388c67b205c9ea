"""What pydicom and nibabel read from the files that their own wheels carry for testing.

    python corpora.py OUT

Writes `OUT/expected.json`, one entry for each file, and its values as little-endian float64 in
`OUT/values`. `make test-corpora` runs this with the pinned versions and then `tests/corpora.rs`.

Values are stored values, before the rescale: those of a table (palette, modality) as the table gives
them, those in colour as the luminance of `src/imaging/luminance.rs`. What is no number in a volume is the
smallest value, as `src/imaging/finite.rs` has it.
"""

import json
import logging
import sys
import warnings
from pathlib import Path

import nibabel
import numpy as np
import pydicom
from pydicom.pixels import apply_color_lut, apply_modality_lut, pixel_array
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

FOLDERS = ["pydicom/data", "nibabel/tests/data", "nibabel/nicom/tests/data"]
NOT_DATA = {".py", ".pyc"}
# Baseline and extended JPEG, whose decoders may round otherwise.
LOSSY = {"1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51"}


def luminance(rgb):
    r, g, b = (rgb[..., channel].astype(np.uint64) for channel in range(3))
    return (r * 19_595 + g * 38_470 + b * 7_471 + 0x8000) >> 16


def dicom(path, forced):
    """Frames of rows of stored values."""
    dataset = pydicom.dcmread(path, force=forced)
    if not any(word in dataset for word in ["PixelData", "FloatPixelData", "DoubleFloatPixelData"]):
        raise ValueError("no pixel data")
    if "TransferSyntaxUID" not in dataset.file_meta:
        implicit, little = dataset.original_encoding
        explicit = ExplicitVRLittleEndian if little else ExplicitVRBigEndian
        dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if implicit else explicit
    values = pixel_array(dataset)
    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        values = luminance(apply_color_lut(values, dataset))
    elif dataset.get("SamplesPerPixel", 1) > 1:
        values = luminance(values)
    elif "ModalityLUTSequence" in dataset:
        values = apply_modality_lut(values, dataset)
    return {
        "kind": "image",
        "shape": [*([1] if values.ndim == 2 else []), *values.shape],
        "lossy": dataset.file_meta.TransferSyntaxUID in LOSSY,
    }, values.astype("<f8").ravel()


def volume(path):
    """Voxels of every volume, first axis fastest, and where they lie in the patient."""
    image = nibabel.load(path)
    if not isinstance(image, nibabel.analyze.AnalyzeImage):
        return {"kind": "other"}, None
    header = image.header
    values = np.asarray(image.dataobj.get_unscaled())
    if values.dtype.fields:
        values = luminance(np.stack([values[channel] for channel in "RGB"], -1))
    if np.iscomplexobj(values):
        raise ValueError("complex voxels")
    shape = [*values.shape, 1, 1, 1][:3]
    values = values.astype("<f8").reshape([*shape, -1], order="F")
    for number in range(values.shape[3]):
        one = values[..., number]
        one[~np.isfinite(one)] = one[np.isfinite(one)].min(initial=np.inf)
    placed = any(header.get(code, 0) > 0 for code in ["sform_code", "qform_code"])
    return {
        "kind": "volume",
        "shape": [*shape, values.shape[3]],
        "affine": image.affine.tolist() if placed else None,
    }, values.ravel(order="F")


def read(path, corpus):
    """What is said of a file, and its values."""
    readers = [
        ("pydicom", lambda: dicom(path, corpus == "pydicom")),
        ("nibabel", lambda: volume(path)),
    ]
    for name, reader in readers:
        try:
            said, values = reader()
            return {"by": name, **said}, values
        except Exception:
            pass
    return {"by": None, "kind": "other"}, None


def main():
    out = Path(sys.argv[1])
    warnings.simplefilter("ignore")
    logging.disable()
    site = Path(pydicom.__file__).parent.parent
    (out / "values").mkdir(parents=True, exist_ok=True)
    files = []
    for folder in FOLDERS:
        found = (path for path in (site / folder).rglob("*") if path.is_file())
        for path in sorted(path for path in found if path.suffix not in NOT_DATA):
            name = path.relative_to(site).as_posix()
            said, values = read(path, name.split("/")[0])
            if values is not None:
                said["values"] = f"values/{len(files)}.f64"
                values.tofile(out / said["values"])
            files.append({"file": name, **said})
    versions = f"pydicom {pydicom.__version__} and nibabel {nibabel.__version__}"
    expected = {"folder": str(site), "versions": versions, "files": files}
    (out / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
    print(f"  {len(files)} files by {versions}")


main()
