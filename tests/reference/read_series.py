"""A series of 300 uncompressed files, 512 × 512 of 16 bits, and how long pydicom with numpy reads it.

    read_series.py make FOLDER      makes the files, which show a formula
    read_series.py time FOLDER      prints seconds, of the fastest of five runs

`cargo bench --bench series -- PYTHON` runs both and compares.
"""

import sys
import time
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, UID

FILES, SIDE, RUNS = 300, 512, 5
ROOT = "1.2.826.0.1.3680043.10.1537.8."


def make(folder):
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    for number in range(FILES):
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID = UID("1.2.840.10008.5.1.4.1.1.4")
        meta.MediaStorageSOPInstanceUID = UID(f"{ROOT}{number + 1}")
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        ds = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
        ds.SOPClassUID, ds.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
        ds.Modality, ds.PatientName, ds.PatientID = "MR", "Formula^Only", "0"
        ds.StudyInstanceUID, ds.SeriesInstanceUID = ROOT + "0.1", ROOT + "0.2"
        ds.SeriesDescription, ds.InstanceNumber = "ripples", number + 1
        ds.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        ds.ImagePositionPatient, ds.PixelSpacing = [-128, -128, number * 0.5], [0.5, 0.5]
        ds.RepetitionTime, ds.EchoTime, ds.FlipAngle, ds.SliceThickness = 2000, 30, 9, 0.5
        ds.RescaleSlope, ds.RescaleIntercept = "1.5", "-20"
        ds.WindowCenter, ds.WindowWidth = 1000, 2000
        ds.Rows = ds.Columns = SIDE
        ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
        ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
        # As much beside it as scanners write.
        block = ds.private_block(0x0029, "MRIMASTER BENCH", create=True)
        block.add_new(1, "OB", bytes(12_000))
        ripples = 2000 + 1900 * np.cos(np.hypot(x - 256, y - 200 - number) / 9)
        ds.PixelData = ripples.astype("<u2").tobytes()
        ds.save_as(folder / f"{number:03}.dcm", enforce_file_format=True)


def read(folder):
    slices = []
    for path in sorted(folder.glob("*.dcm")):
        ds = pydicom.dcmread(path)
        pixels = ds.pixel_array.astype(np.float32)
        slices.append(pixels * np.float32(ds.RescaleSlope) + np.float32(ds.RescaleIntercept))
    return slices


def seconds(folder):
    began = time.perf_counter()
    read(folder)
    return time.perf_counter() - began


if __name__ == "__main__":
    what, folder = sys.argv[1], Path(sys.argv[2])
    if what == "make":
        make(folder)
    else:
        print(min(seconds(folder) for _ in range(RUNS)))
