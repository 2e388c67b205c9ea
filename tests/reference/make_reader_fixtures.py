"""Makes the files of tests/fixtures/readers and expected.json, the pixels and geometry that other
readers find in them: pydicom (with gdcm, pylibjpeg, pyjpegls), nibabel, Pillow and tifffile;
imagecodecs (libjpeg-turbo, OpenJPH) for the JPEG of 12 bits and HTJ2K.

    pip install numpy pydicom python-gdcm pylibjpeg pylibjpeg-libjpeg pylibjpeg-openjpeg pyjpegls \
        nibabel Pillow tifffile imagecodecs
    python tests/reference/make_reader_fixtures.py

Every picture is a formula; no scan of a person is in here. gdcm stamps a time and identifiers of
its own into the files that it writes, so those differ from run to run; their pixels do not.
"""

import io
import json
import shutil
import tempfile
import zlib
from pathlib import Path

import gdcm
import imagecodecs
import nibabel as nib
import numpy as np
import pydicom
import tifffile
from PIL import Image, PngImagePlugin
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID, DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ExplicitVRLittleEndian,
    ImplicitVRLittleEndian, JPEG2000, JPEG2000Lossless, JPEGBaseline8Bit, JPEGExtended12Bit,
    JPEGLossless, JPEGLosslessSV1, JPEGLSLossless, JPEGLSNearLossless, RLELossless,
)

OUT = Path(__file__).resolve().parent.parent / "fixtures" / "readers"
ROWS, COLUMNS = 36, 33
MR = "1.2.840.10008.5.1.4.1.1.4"
ENHANCED_MR = "1.2.840.10008.5.1.4.1.1.4.1"
ROOT = "1.2.826.0.1.3680043.10.1537."

pictures, files, refused = {}, [], []


def wave(rows=ROWS, columns=COLUMNS, frame=0, top=4095):
    """A bright disc with ripples, 0..top, different in every frame."""
    y, x = np.mgrid[0:rows, 0:columns]
    r = np.hypot(x - columns / 2 - frame, y - rows / 3)
    ripple = 0.5 + 0.3 * np.cos(0.9 * r + frame) + 0.2 * ((x * 7 + y * 13 + frame * 5) % 11) / 11
    return np.round(np.clip(ripple, 0, 1) * top)


def colours(top=255):
    planes = [wave(frame=f, top=top) for f in (0, 1, 2)]
    return np.stack(planes, axis=-1).astype(np.uint8 if top < 256 else np.uint16)


def luma(rgb):
    """BT.601 in Pillow's fixed point."""
    rgb = rgb.astype(np.int64)
    return (rgb[..., 0] * 19595 + rgb[..., 1] * 38470 + rgb[..., 2] * 7471 + 0x8000) >> 16


def pixels(values):
    """The key of a picture, stored once however many files show it."""
    values = np.asarray(values, dtype=np.float64)
    numbers = [int(v) if float(v).is_integer() else float(v) for v in values.ravel()]
    key = next((k for k, v in pictures.items() if v == numbers), f"p{len(pictures)}")
    pictures[key] = numbers
    return key


def expect(name, frames, tolerance=0, **facts):
    frames = [np.asarray(f) for f in frames]
    height, width = frames[0].shape
    files.append(dict(file=name, width=width, height=height, tolerance=tolerance,
                      slices=[pixels(f) for f in frames], **facts))


def refuse(name, *words):
    refused.append(dict(file=name, words=list(words)))


# --- DICOM -----------------------------------------------------------------------------------

def dataset(syntax, array, number=1, bits=None, **attributes):
    """An MR image, or several frames, with `array` as its samples (frames first, colour last)."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(MR)
    meta.MediaStorageSOPInstanceUID = UID(f"{ROOT}{len(files)}.{number}")
    meta.TransferSyntaxUID = syntax
    meta.ImplementationClassUID = UID(ROOT + "0")
    ds = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128,
                     is_implicit_VR=syntax == ImplicitVRLittleEndian,
                     is_little_endian=syntax != ExplicitVRBigEndian)
    ds.SOPClassUID, ds.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    ds.Modality, ds.PatientName, ds.PatientID = "MR", "Formula^Only", "0"
    ds.SeriesInstanceUID, ds.InstanceNumber = f"{ROOT}9.{len(files)}", number
    ds.SeriesDescription = "wave"
    colour = array.shape[-1] == 3
    shape = array.shape[:-1] if colour else array.shape
    ds.Rows, ds.Columns = shape[-2:]
    if len(shape) == 3:
        ds.NumberOfFrames = shape[0]
    ds.SamplesPerPixel = 3 if colour else 1
    ds.PhotometricInterpretation = "RGB" if colour else "MONOCHROME2"
    if colour:
        ds.PlanarConfiguration = 0
    ds.BitsAllocated = array.dtype.itemsize * 8
    ds.BitsStored = bits or ds.BitsAllocated
    ds.HighBit = ds.BitsStored - 1
    ds.PixelRepresentation = int(array.dtype.kind == "i")
    for name, value in attributes.items():
        setattr(ds, name, value)
    order = ">" if syntax == ExplicitVRBigEndian else "<"
    ds.PixelData = array.astype(array.dtype.newbyteorder(order)).tobytes()
    ds["PixelData"].VR = "OB" if ds.BitsAllocated == 8 and syntax != ImplicitVRLittleEndian else "OW"
    return ds


def save(ds, name):
    path = OUT / name
    path.parent.mkdir(parents=True, exist_ok=True)
    ds.save_as(path, enforce_file_format=True)
    return path


def compressed(ds, syntax, **options):
    """By pydicom's encoders."""
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.compress(syntax, generate_instance_uid=False, **options)
    return ds


def by_gdcm(ds, syntax, name):
    """By gdcm, which writes the lossless JPEGs that pydicom cannot."""
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain.dcm"
        ds.save_as(plain, enforce_file_format=True)
        reader = gdcm.ImageReader()
        reader.SetFileName(str(plain))
        assert reader.Read()
        change = gdcm.ImageChangeTransferSyntax()
        change.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.GetTSType(syntax)))
        change.SetInput(reader.GetImage())
        assert change.Change(), name
        writer = gdcm.ImageWriter()
        writer.SetFileName(str(OUT / name))
        writer.SetFile(reader.GetFile())
        writer.SetImage(change.GetOutput())
        assert writer.Write()


def read_back(name, tolerance=0, **facts):
    """What pydicom finds in a file."""
    ds = pydicom.dcmread(OUT / name)
    array = ds.pixel_array
    if ds.SamplesPerPixel == 3:
        array = luma(array)
        facts.setdefault("note", "in colour")
    frames = array if array.ndim == 3 else [array]
    wide = ds.BitsStored > 8 or ds.PixelRepresentation == 1 or "RescaleSlope" in ds
    facts.setdefault("depth", "wide" if wide else "eight")
    expect(name, frames, tolerance, **facts)


def jpeg(array, **options):
    stream = io.BytesIO()
    Image.fromarray(array).save(stream, "JPEG", **options)
    return stream.getvalue()


def make_dicom():
    wide, small = wave().astype(np.uint16), wave(top=255).astype(np.uint8)
    signed = (wave() - 2048).astype(np.int16)
    many = np.stack([wave(frame=f) for f in range(3)]).astype(np.uint16)

    native = dict(explicit=ExplicitVRLittleEndian, implicit=ImplicitVRLittleEndian,
                  big=ExplicitVRBigEndian, deflated=DeflatedExplicitVRLittleEndian)
    for label, syntax in native.items():
        for kind, array, bits in (("u16", wide, 12), ("u8", small, 8), ("i16", signed, 13)):
            name = f"{label}_{kind}.dcm"
            save(dataset(syntax, array, bits=bits), name)
            read_back(name, format="DICOM")
    packed = dict(rle=RLELossless, jpegls=JPEGLSLossless, j2k=JPEG2000Lossless)
    for label, syntax in packed.items():
        for kind, array, bits in (("u16", wide, 12), ("u8", small, 8), ("i16", signed, 13)):
            name = f"{label}_{kind}.dcm"
            save(compressed(dataset(ExplicitVRLittleEndian, array, bits=bits), syntax), name)
            read_back(name)
        name = f"{label}_frames.dcm"
        save(compressed(dataset(ExplicitVRLittleEndian, many, bits=12), syntax), name)
        read_back(name)
    for label, syntax in dict(jpeg57=JPEGLossless, jpeg70=JPEGLosslessSV1).items():
        for kind, array, bits in (("u16", wide, 12), ("u8", small, 8), ("i16", signed, 13)):
            name = f"{label}_{kind}.dcm"
            by_gdcm(dataset(ExplicitVRLittleEndian, array, bits=bits), syntax, name)
            read_back(name)
    name = "jpeg70_frames.dcm"
    by_gdcm(dataset(ExplicitVRLittleEndian, many, bits=12), JPEGLosslessSV1, name)
    read_back(name)

    save(compressed(dataset(ExplicitVRLittleEndian, wide, bits=12), JPEGLSNearLossless,
                    jls_error=3), "jpegls_near.dcm")
    read_back("jpegls_near.dcm")
    save(compressed(dataset(ExplicitVRLittleEndian, wide, bits=12), JPEG2000, j2k_cr=[4]),
         "j2k_lossy.dcm")
    read_back("j2k_lossy.dcm", tolerance=1)

    # JPEG baseline: one frame, frames, and frames in several fragments with an offset table.
    def baseline(array, name, **options):
        frames = [jpeg(f, quality=95) for f in (array if array.ndim == 3 else [array])]
        ds = dataset(ExplicitVRLittleEndian, array)
        ds.PixelData = encapsulate(frames, **options)
        ds["PixelData"].is_undefined_length = True
        ds.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
        save(ds, name)
        read_back(name)
    eight = np.stack([wave(frame=f, top=255) for f in range(3)]).astype(np.uint8)
    baseline(small, "jpeg50_u8.dcm")
    baseline(eight, "jpeg50_frames.dcm")
    baseline(eight, "jpeg50_fragments.dcm", fragments_per_frame=2)

    save(dataset(ExplicitVRLittleEndian, many, bits=12), "explicit_frames.dcm")
    read_back("explicit_frames.dcm")
    save(dataset(ExplicitVRLittleEndian, (wide.astype(np.uint32) << 8) | 255), "explicit_u32.dcm")
    # Single precision keeps 24 bits, and the formula needs 20.
    read_back("explicit_u32.dcm")

    # An overlay in the four high bits, and samples at the top of their words.
    save(dataset(ExplicitVRLittleEndian, wide | np.uint16(0xA000), bits=12), "overlay_bits.dcm")
    expect("overlay_bits.dcm", [wide], depth="wide")
    save(dataset(ExplicitVRLittleEndian, wide << np.uint16(4), bits=12, HighBit=15), "high_bits.dcm")
    expect("high_bits.dcm", [wide], depth="wide")
    masked = signed.astype(np.uint16) & 0x1FFF
    save(dataset(ExplicitVRLittleEndian, masked, bits=13, PixelRepresentation=1), "signed_13.dcm")
    expect("signed_13.dcm", [signed], depth="wide")

    save(dataset(ExplicitVRLittleEndian, wide, bits=12, PhotometricInterpretation="MONOCHROME1",
                 WindowCenter=["600", "40"], WindowWidth=["1600", "80"],
                 PixelSpacing=["0.5", "0.75"], SpacingBetweenSlices="3.5",
                 ImageOrientationPatient=["1", "0", "0", "0", "1", "0"],
                 ImagePositionPatient=["-10", "-20", "30.5"]), "monochrome1.dcm")
    read_back("monochrome1.dcm", inverted=True, window=[600, 1600], voi="Linear",
              spacing=[0.5, 0.75, 3.5], orientation=[1, 0, 0, 0, 1, 0], position=[-10, -20, 30.5])
    save(dataset(ExplicitVRLittleEndian, wide, bits=12, RescaleSlope="1.5", RescaleIntercept="-1024",
                 WindowCenter="40", WindowWidth="400", VOILUTFunction="SIGMOID",
                 ImagerPixelSpacing=["0.2", "0.2"]), "rescale_sigmoid.dcm")
    read_back("rescale_sigmoid.dcm", rescale=[1.5, -1024], window=[40, 400], voi="Sigmoid",
              spacing=None)
    save(dataset(ExplicitVRLittleEndian, wide, bits=12, WindowCenter="40", WindowWidth="0",
                 VOILUTFunction="LINEAR_EXACT"), "window_zero.dcm")
    read_back("window_zero.dcm", window=None, voi="LinearExact")
    save(dataset(ExplicitVRLittleEndian, wide, bits=12, Manufacturer="MRIMaster phantom"),
         "synthetic.dcm")
    read_back("synthetic.dcm", synthetic=True)

    table = Dataset()
    table.add_new("LUTDescriptor", "US", [1000, 500, 16])
    table.add_new("LUTData", "US", [(i * 37) % 65536 for i in range(1000)])
    table.ModalityLUTType = "US"
    ds = dataset(ExplicitVRLittleEndian, wide, bits=12)
    ds.ModalityLUTSequence = [table]
    save(ds, "modality_lut.dcm")
    lut = pydicom.pixels.apply_modality_lut(wide, ds)
    expect("modality_lut.dcm", [lut], depth="wide", note="lookup table")

    # Colour.
    rgb = colours()
    save(dataset(ExplicitVRLittleEndian, rgb), "rgb.dcm")
    read_back("rgb.dcm")
    ds = dataset(ExplicitVRLittleEndian, rgb, PlanarConfiguration=1)
    ds.PixelData = np.moveaxis(rgb, -1, 0).tobytes()
    save(ds, "rgb_planar.dcm")
    read_back("rgb_planar.dcm")
    grey = np.repeat(small[..., None], 3, axis=-1)
    save(dataset(ExplicitVRLittleEndian, grey), "rgb_grey.dcm")
    expect("rgb_grey.dcm", [small], depth="eight")
    save(compressed(dataset(ExplicitVRLittleEndian, rgb), RLELossless), "rgb_rle.dcm")
    read_back("rgb_rle.dcm")
    save(compressed(dataset(ExplicitVRLittleEndian, rgb), JPEGLSLossless), "rgb_jpegls.dcm")
    read_back("rgb_jpegls.dcm")
    ds = dataset(ExplicitVRLittleEndian, rgb)
    ds.PhotometricInterpretation = "YBR_RCT"
    save(compressed(ds, JPEG2000Lossless), "rgb_j2k.dcm")
    ds = pydicom.dcmread(OUT / "rgb_j2k.dcm")
    expect("rgb_j2k.dcm", [luma(ds.pixel_array)], 1, depth="eight", note="in colour")
    ybr = pydicom.pixels.convert_color_space(rgb, "RGB", "YBR_FULL")
    save(dataset(ExplicitVRLittleEndian, ybr, PhotometricInterpretation="YBR_FULL"), "ybr_full.dcm")
    expect("ybr_full.dcm", [ybr[..., 0]], depth="eight", note="in colour")
    ds = dataset(ExplicitVRLittleEndian, rgb, PhotometricInterpretation="YBR_FULL_422")
    ds.PixelData = encapsulate([jpeg(rgb, quality=95)])
    ds["PixelData"].is_undefined_length = True
    ds.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    save(ds, "rgb_jpeg50.dcm")
    expect("rgb_jpeg50.dcm", [np.asarray(Image.open(io.BytesIO(jpeg(rgb, quality=95))).convert("L"))],
           2, depth="eight", note="in colour")

    # Without a preamble, with the file meta group and without.
    whole = (OUT / "explicit_u16.dcm").read_bytes()
    (OUT / "no_preamble.dcm").write_bytes(whole[132:])
    expect("no_preamble.dcm", [wide], depth="wide")
    for label, syntax in (("explicit", ExplicitVRLittleEndian), ("implicit", ImplicitVRLittleEndian),
                          ("big", ExplicitVRBigEndian)):
        ds = Dataset(dataset(syntax, wide, bits=12))
        path = OUT / f"bare_{label}.dcm"
        ds.save_as(path, implicit_vr=label == "implicit", little_endian=label != "big")
        expect(path.name, [wide], depth="wide")

    enhanced(many)
    series()
    refused_dicom(wide, rgb)
    samples(wide, small, signed, many)
    palettes(small)
    packed_frames(wide, small, many, rgb)
    displays(wide, many)


def encapsulated(ds, syntax, frames):
    ds.PixelData = encapsulate(frames)
    ds["PixelData"].is_undefined_length = True
    ds.file_meta.TransferSyntaxUID = UID(syntax)
    return ds


def samples(wide, small, signed, many):
    """Samples of other sizes and kinds than most."""
    bits = (many > 2048).astype(np.uint8)
    ds = dataset(ExplicitVRLittleEndian, bits, BitsAllocated=1, BitsStored=1, HighBit=0)
    # A frame of 33 × 36 bits ends amid a byte.
    ds.PixelData = np.packbits(bits.ravel(), bitorder="little").tobytes()
    ds["PixelData"].VR = "OB"
    save(ds, "bits.dcm")
    read_back("bits.dcm", depth="wide")
    ds = dataset(ExplicitVRBigEndian, small)
    ds.PixelData = small.tobytes()
    ds.PixelData = np.frombuffer(ds.PixelData, np.uint16).byteswap().tobytes()
    ds["PixelData"].VR = "OW"
    save(ds, "big_words_u8.dcm")
    read_back("big_words_u8.dcm")
    save(dataset(ExplicitVRBigEndian, wide.astype(np.uint32) << 8), "big_u32.dcm")
    read_back("big_u32.dcm")
    save(dataset(ExplicitVRLittleEndian, signed.astype(np.int32) << 8), "explicit_i32.dcm")
    read_back("explicit_i32.dcm")
    save(dataset(ExplicitVRLittleEndian, (small.astype(int) - 128).astype(np.int8)), "explicit_i8.dcm")
    read_back("explicit_i8.dcm")
    for name, kind, keyword in (("float", np.float32, "FloatPixelData"),
                                ("double", np.float64, "DoubleFloatPixelData")):
        values = (signed / 7).astype(kind)
        ds = dataset(ExplicitVRLittleEndian, values)
        del ds.PixelData
        setattr(ds, keyword, values.tobytes())
        save(ds, f"{name}.dcm")
        expect(f"{name}.dcm", [values.astype(np.float32)], depth="wide", voi="LinearExact")
        values[3, 4] = np.nan
        setattr(ds, keyword, values.tobytes())
        save(ds, f"{name}_holes.dcm")
        values[3, 4] = np.nanmin(values)
        expect(f"{name}_holes.dcm", [values.astype(np.float32)], depth="wide", note="not numbers")


def palettes(small):
    def palette(name, red, green, blue, bits, first=0, segmented=False, **facts):
        ds = dataset(ExplicitVRLittleEndian, small, PhotometricInterpretation="PALETTE COLOR")
        kind = np.uint8 if bits == 8 else np.uint16
        for colour, table in (("Red", red), ("Green", green), ("Blue", blue)):
            entries = 256 - first if segmented else len(table)
            setattr(ds, f"{colour}PaletteColorLookupTableDescriptor", [entries, first, bits])
            keyword = f"{'Segmented' if segmented else ''}{colour}PaletteColorLookupTableData"
            setattr(ds, keyword, np.asarray(table).astype(kind).tobytes())
        save(ds, name)
        rgb = pydicom.pixels.apply_color_lut(small, ds)
        expect(name, [luma(rgb)], depth="eight" if bits == 8 else "wide", **facts)
    ramp = np.arange(256)
    palette("palette_16.dcm", ramp * 257, ramp[::-1] * 200, ramp * ramp, 16, note="in colour")
    palette("palette_8.dcm", ramp, ramp[::-1], ramp // 2, 8, note="in colour")
    # Pixels before its first entry and behind its last.
    palette("palette_short.dcm", *[ramp[:100] * 600] * 3, 16, first=60)
    # Two values, and lines from the last of them.
    line = [0, 2, 7, 9, 1, 126, 60000, 1, 128, 3]
    palette("palette_segmented.dcm", line, line, line, 16, segmented=True)


def packed_frames(wide, small, many, rgb):
    """Transfer syntaxes beyond those that pydicom writes."""
    twelve = imagecodecs.jpeg_encode(wide, level=95, bitspersample=12)
    save(encapsulated(dataset(ExplicitVRLittleEndian, wide, bits=12), JPEGExtended12Bit, [twelve]),
         "jpeg51_12.dcm")
    expect("jpeg51_12.dcm", [imagecodecs.jpeg_decode(twelve)], depth="wide")
    for label, sampling in (("444", "4:4:4"), ("422", "4:2:2"), ("420", "4:2:0")):
        name = f"rgb_jpeg50_{label}.dcm"
        ds = dataset(ExplicitVRLittleEndian, rgb, PhotometricInterpretation="YBR_FULL_422")
        coded = jpeg(rgb, quality=90, subsampling=sampling, restart_marker_blocks=2)
        save(encapsulated(ds, JPEGBaseline8Bit, [coded]), name)
        read_back(name)
    for label, array, bits in (("u16", wide, 12), ("i16", (wide.astype(int) - 2048).astype(np.int16), 13)):
        coded = imagecodecs.htj2k_encode(array)
        assert (imagecodecs.htj2k_decode(coded) == array).all()
        name = f"htj2k_{label}.dcm"
        save(encapsulated(dataset(ExplicitVRLittleEndian, array, bits=bits),
                          "1.2.840.10008.1.2.4.201", [coded]), name)
        expect(name, [array], depth="wide")
    plain = dataset(ExplicitVRLittleEndian, many, bits=12)
    save(encapsulated(plain, "1.2.840.10008.1.2.1.98", [frame.tobytes() for frame in many]),
         "encapsulated.dcm")
    expect("encapsulated.dcm", many, depth="wide")
    deflated = []
    for frame in many:
        stream = zlib.compressobj(wbits=-15)
        deflated.append(stream.compress(frame.tobytes()) + stream.flush())
    save(encapsulated(dataset(ExplicitVRLittleEndian, many, bits=12), "1.2.840.10008.1.2.1.98", deflated),
         "deflated_frames.dcm")
    # Its transfer syntax is one that pydicom does not know.
    path = OUT / "deflated_frames.dcm"
    path.write_bytes(path.read_bytes().replace(b"1.2.840.10008.1.2.1.98", b"1.2.840.10008.1.2.8.1\0"))
    expect("deflated_frames.dcm", many, depth="wide")
    # The standard has RLE up to 16 bits, and dose maps have it at 32: here in literal runs only.
    deep = wide.astype(">u4") << 8
    segments = []
    for byte in range(4):
        plane = deep.view(np.uint8).reshape(-1, 4)[:, byte].tobytes()
        runs = [plane[at:at + 128] for at in range(0, len(plane), 128)]
        segments.append(b"".join(bytes([len(run) - 1]) + run for run in runs))
    starts = 64 + np.cumsum([0] + [len(segment) for segment in segments[:-1]])
    head = np.array([4, *starts] + [0] * 11, "<u4").tobytes()
    save(encapsulated(dataset(ExplicitVRLittleEndian, deep.astype("<u4")), RLELossless,
                      [head + b"".join(segments)]), "rle_u32.dcm")
    read_back("rle_u32.dcm")
    rgb16 = colours(4095)
    save(dataset(ExplicitVRLittleEndian, rgb16, bits=12), "rgb_u16.dcm")
    read_back("rgb_u16.dcm")
    # One colour for two pixels, without compression.
    even = pydicom.pixels.convert_color_space(rgb, "RGB", "YBR_FULL")[:, :32]
    pairs = np.stack([even[:, 0::2, 0], even[:, 1::2, 0], even[:, 0::2, 1], even[:, 0::2, 2]], axis=-1)
    ds = dataset(ExplicitVRLittleEndian, even, PhotometricInterpretation="YBR_FULL_422")
    ds.PixelData = pairs.tobytes()
    save(ds, "ybr_422.dcm")
    read_back("ybr_422.dcm")


def displays(wide, many):
    """How files want to be shown, and what they say of themselves."""
    def table(first, entries):
        item = Dataset()
        item.add_new("LUTDescriptor", "US", [len(entries), first, 12])
        item.add_new("LUTData", "US", entries)
        return item
    entries = [round(4095 * (i / 999) ** 2) for i in range(1000)]
    ds = dataset(ExplicitVRLittleEndian, wide, bits=12, WindowCenter="600", WindowWidth="1600")
    ds.VOILUTSequence = [table(500, entries)]
    save(ds, "voi_lut.dcm")
    read_back("voi_lut.dcm", window=[600, 1600])
    ds = dataset(ExplicitVRLittleEndian, many, bits=12)
    ds.PerFrameFunctionalGroupsSequence = []
    for frame in range(3):
        inner, item = Dataset(), Dataset()
        inner.VOILUTSequence = [table(100 * frame, entries)]
        item.FrameVOILUTSequence = [inner]
        ds.PerFrameFunctionalGroupsSequence.append(item)
    save(ds, "enhanced_voi_lut.dcm")
    read_back("enhanced_voi_lut.dcm")
    save(dataset(ExplicitVRLittleEndian, wide, bits=12, WindowCenter=["40", "300"],
                 WindowWidth=["80", "1500"], WindowCenterWidthExplanation=["BRAIN", "BONE"],
                 StudyInstanceUID=ROOT + "5", StudyDescription="Head", StudyDate="20210304",
                 StudyTime="101112", SeriesNumber=7, BodyPartExamined="BRAIN", RepetitionTime="2500",
                 EchoTime="90.5", InversionTime="", PatientSex="O", PatientBirthDate="19700101",
                 InstitutionName="Nowhere"), "about.dcm")
    read_back("about.dcm", window=[40, 80])


def enhanced(many):
    ds = dataset(ExplicitVRLittleEndian, many, bits=12)
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = UID(ENHANCED_MR)

    def group(sequence, **attributes):
        item, inner = Dataset(), Dataset()
        for name, value in attributes.items():
            setattr(inner, name, value)
        setattr(item, sequence, [inner])
        return item
    shared = group("PixelMeasuresSequence", PixelSpacing=["0.4", "0.6"], SliceThickness="5")
    shared.update(group("PlaneOrientationSequence",
                        ImageOrientationPatient=["0", "1", "0", "0", "0", "-1"]))
    ds.SharedFunctionalGroupsSequence = [shared]
    ds.PerFrameFunctionalGroupsSequence = []
    for frame in range(3):
        own = group("PlanePositionSequence", ImagePositionPatient=[str(10 - 4 * frame), "1", "2"])
        own.update(group("FrameVOILUTSequence", WindowCenter=str(100 + frame), WindowWidth="50"))
        own.update(group("PixelValueTransformationSequence", RescaleSlope=str(1 + frame),
                         RescaleIntercept="7", RescaleType="US"))
        ds.PerFrameFunctionalGroupsSequence.append(own)
    save(ds, "enhanced.dcm")
    # The normal of this sagittal plane points to the right (-x): the frames are in order.
    read_back("enhanced.dcm", depth="wide", spacing=[0.4, 0.6, 4], orientation=[0, 1, 0, 0, 0, -1],
              windows=[[100, 50], [101, 50], [102, 50]], positions=[[10, 1, 2], [6, 1, 2], [2, 1, 2]],
              rescales=[[1, 7], [2, 7], [3, 7]])


def series():
    """Four files of one series, numbered against their positions."""
    for place in range(4):
        ds = dataset(ExplicitVRLittleEndian, wave(frame=place).astype(np.uint16), number=4 - place,
                     bits=12, SeriesInstanceUID=ROOT + "77",
                     ImageOrientationPatient=["1", "0", "0", "0", "1", "0"], PixelSpacing=["1", "1"],
                     ImagePositionPatient=["0", "0", str(5.5 * place)])
        name = f"series/{'cadb'[place]}.dcm"
        save(ds, name)
        expect(name, [wave(frame=place)], depth="wide", position=[0, 0, 5.5 * place])


def refused_dicom(wide, rgb):
    ds = dataset(ExplicitVRLittleEndian, wide)
    for name in ("PixelData", "Rows", "Columns", "BitsAllocated"):
        delattr(ds, name)
    for name, uid, words in (("report", "1.2.840.10008.5.1.4.1.1.88.11", "a structured report"),
                             ("pdf", "1.2.840.10008.5.1.4.1.1.104.1", "an encapsulated PDF"),
                             ("raw", "1.2.840.10008.5.1.4.1.1.66", "raw data")):
        ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = UID(uid)
        save(ds, f"refused/{name}.dcm")
        refuse(f"refused/{name}.dcm", words, "no image")
    ds = dataset(ExplicitVRLittleEndian, wide)
    ds.file_meta.TransferSyntaxUID = UID("1.2.3.4.5.6")
    ds.PixelData = encapsulate([ds.PixelData])
    ds["PixelData"].is_undefined_length = True
    pydicom.dcmwrite(OUT / "refused/unknown_syntax.dcm", ds, implicit_vr=False, little_endian=True)
    refuse("refused/unknown_syntax.dcm", "1.2.3.4.5.6")
    ds.file_meta.TransferSyntaxUID = UID("1.2.840.10008.1.2.4.102")
    save(ds, "refused/mpeg4.dcm")
    refuse("refused/mpeg4.dcm", "MPEG-4")
    save(dataset(ExplicitVRLittleEndian, wide, Rows=0), "refused/no_rows.dcm")
    refuse("refused/no_rows.dcm", "0 rows")
    save(dataset(ExplicitVRLittleEndian, wide, NumberOfFrames=1000), "refused/frames.dcm")
    refuse("refused/frames.dcm", "1000 frames")
    save(dataset(ExplicitVRLittleEndian, wide, Rows=65535, Columns=65535), "refused/huge.dcm")
    refuse("refused/huge.dcm", "65535×65535")
    save(dataset(ExplicitVRLittleEndian, wide.astype(np.uint8),
                 PhotometricInterpretation="PALETTE COLOR"), "refused/palette.dcm")
    refuse("refused/palette.dcm", "palette")
    ds = dataset(ExplicitVRLittleEndian, rgb, PhotometricInterpretation="YBR_FULL_422")
    ds.PixelData = rgb.tobytes()[: ROWS * COLUMNS * 2]
    save(ds, "refused/ybr_422.dcm")
    refuse("refused/ybr_422.dcm", "YBR_FULL_422", "33 pixels")
    ds = pydicom.dcmread(OUT / "j2k_u16.dcm")
    ds.Rows = 12
    save(ds, "refused/other_size.dcm")
    refuse("refused/other_size.dcm", "33×12", "33×36")


# --- NIfTI -----------------------------------------------------------------------------------

def make_nifti():
    shape = (7, 6, 5)
    index = np.arange(np.prod(shape)).reshape(shape, order="F")
    unit = np.diag([2.0, 3.0, 4.0, 1.0])
    unit[:3, 3] = [-5, -7, -9]

    def volume(name, data, affine=unit, code="sform", slope=None, endian="<", intercept=0,
               kind=nib.Nifti1Image, **facts):
        header = kind.header_class(endianness=endian)
        header.set_data_dtype(data.dtype.newbyteorder(endian))
        image = kind(data, None, header)
        image.set_sform(affine if code == "sform" else None, 1 if code == "sform" else 0)
        image.set_qform(affine if code == "qform" else None, 1 if code == "qform" else 0)
        if code is None:
            image.header["pixdim"][1:4] = np.abs(np.diag(affine))[:3]
        for field, value in facts.pop("header", {}).items():
            image.header[field] = value
        path = OUT / name
        if code is None:
            # nibabel gives every image that it saves a place.
            slope = np.nan
        if slope is None:
            nib.save(image, path)
        else:
            image.header["scl_slope"], image.header["scl_inter"] = slope, intercept
            image.header["vox_offset"] = 352
            # Stored values as they are, scaling only in the header.
            raw = image.header.binaryblock + b"\0" * 4 + data.astype(
                data.dtype.newbyteorder(endian)).tobytes(order="F")
            path.write_bytes(raw)
        loaded = nib.load(path)
        values = np.asarray(loaded.get_fdata(), dtype=np.float64)
        first = values[..., 0] if values.ndim == 4 else values
        while first.ndim < 3:
            first = first[..., None]
        volumes.append(dict(
            file=name, shape=list(first.shape), values=pixels(first.ravel(order="F")),
            affine=None if code is None else loaded.affine.tolist(), **facts))

    volumes = []
    for kind in ("u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"):
        data = (index % 120 - (50 if kind[0] in "if" else 0)).astype(kind)
        if kind[0] == "f":
            data = data * 0.25
        volume(f"{kind}.nii", data.astype(kind), depth="eight" if kind == "u1" else "wide")
    volume("i2_big.nii", index.astype("i2"), endian=">")
    volume("f4_big.nii", (index * 0.5).astype("f4"), endian=">")
    volume("i2.nii.gz", index.astype("i2"))
    volume("scaled.nii", index.astype("i2"), slope=0.5, intercept=-3, rescale=[0.5, -3],
           depth="wide")
    volume("slope_zero.nii", index.astype("u1"), slope=0.0, intercept=9, rescale=[1, 0],
           depth="eight")
    volume("four.nii", np.stack([index, index + 1, index + 2], axis=-1).astype("i2"))
    for endian, name in (("<", "two.nii"), (">", "two_big.nii")):
        volume(name, index.astype("i2"), endian=endian, kind=nib.Nifti2Image)
    volume("pair.hdr", index.astype("i2"), kind=nib.Nifti1Pair)
    volume("zipped_pair.hdr.gz", index.astype("i2"), kind=nib.Nifti1Pair)
    volume("pair_two.hdr", index.astype("i2"), kind=nib.Nifti2Pair)
    volume("flat.nii", index[..., 0].astype("i2"))
    volume("window.nii", index.astype("i2"), header=dict(cal_min=10, cal_max=110), window=[60, 100])
    volume("synthetic.nii", index.astype("u1"), header=dict(descrip=b"MRIMaster phantom, synthetic"),
           synthetic=True)
    volume("nowhere.nii", index.astype("i2"), code=None, note="which side")

    # The same voxels lying otherwise: letters are those of the edges, left right top bottom.
    las = unit.copy()
    las[0] *= -1
    volume("las.nii", index.astype("i2"), las, plane="axial", letters="RLAP")
    volume("ras.nii", index.astype("i2"), unit, plane="axial", letters="RLAP")
    volume("qform.nii", index.astype("i2"), las, "qform", plane="axial", letters="RLAP")
    sagittal = np.array([[0, 0, 4, -3], [-2, 0, 0, 5], [0, 3, 0, -8], [0, 0, 0, 1]], float)
    volume("sagittal.nii", index.astype("i2"), sagittal, plane="sagittal", letters="APHF")
    coronal = np.array([[2, 0, 0, -3], [0, 0, -4, 5], [0, -3, 0, 8], [0, 0, 0, 1]], float)
    volume("coronal.nii", index.astype("i2"), coronal, plane="coronal", letters="RLHF")
    thick_first = np.array([[0, 2, 0, -3], [0, 0, 3, 5], [6, 0, 0, -8], [0, 0, 0, 1]], float)
    volume("thick_first.nii", index.astype("i2"), thick_first, plane="axial", letters="RLAP")
    turn = np.deg2rad(20)
    oblique = unit.copy()
    oblique[:3, :3] = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0],
                                [0, 0, 1]]) @ unit[:3, :3]
    volume("oblique.nii", index.astype("i2"), oblique, "qform", plane="axial")
    # The same again, turned and with the other hand, by either form and in either version.
    other_hand = oblique.copy()
    other_hand[:3, 0] *= -1
    for code in ("sform", "qform"):
        for hand, affine in (("left", other_hand), ("right", oblique)):
            volume(f"{code}_{hand}.nii", index.astype("i2"), affine, code, plane="axial")
    volume("two_qform.nii", index.astype("i2"), other_hand, "qform", kind=nib.Nifti2Image,
           plane="axial")

    for endian, name in (("<", "analyze.hdr"), (">", "analyze_big.hdr")):
        header = nib.AnalyzeHeader(endianness=endian)
        header.set_data_dtype(np.dtype("i2").newbyteorder(endian))
        image = nib.AnalyzeImage(index.astype("i2"), None, header)
        image.header.set_zooms((2, 3, 4))
        nib.save(image, OUT / name)
        volumes.append(dict(file=name, shape=list(shape), affine=None, note="may be exchanged",
                            values=pixels(nib.load(OUT / name).get_fdata().ravel(order="F"))))

    holes = index.astype("f4")
    holes[1, 2, 3], holes[0, 0, 0] = np.nan, np.inf
    image = nib.Nifti1Image(holes, unit)
    nib.save(image, OUT / "holes.nii")
    filled = np.where(np.isfinite(holes), holes, 1.0)
    volumes.append(dict(file="holes.nii", shape=list(shape), values=pixels(filled.ravel(order="F")),
                        affine=unit.tolist(), note="not numbers"))

    nib.save(nib.Nifti1Image(np.full(shape, np.nan, "f4"), unit), OUT / "refused/all_nan.nii")
    refuse("refused/all_nan.nii", "none of its values")
    nib.save(nib.Nifti1Pair(index.astype("i2"), unit), OUT / "refused/alone.hdr")
    (OUT / "refused/alone.img").unlink()
    refuse("refused/alone.hdr", "pair", "no .img beside it")
    nib.save(nib.Nifti1Image(index.astype("c8"), unit), OUT / "refused/complex.nii")
    refuse("refused/complex.nii", "complex")
    return volumes


# --- Pictures --------------------------------------------------------------------------------

def make_pictures():
    small, wide = wave(top=255).astype(np.uint8), wave(top=65535).astype(np.uint16)
    rgb = colours()
    grey3 = np.repeat(small[..., None], 3, axis=-1)
    alpha = wave(frame=4, top=255).astype(np.uint8)

    def on_black(values, alpha):
        return (values.astype(np.int64) * alpha + 127) // 255

    def put(name, picture, values=None, tolerance=0, depth="eight", note=None, **options):
        options_of_expect = {k: options.pop(k) for k in ("synthetic",) if k in options}
        image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
        image.save(OUT / name, **options)
        if values is None:
            values = np.asarray(Image.open(OUT / name).convert("L"))
        expect(name, [values], tolerance, depth=depth, note=note, **options_of_expect)

    put("grey.png", small)
    put("grey16.png", wide, wide, depth="wide")
    put("rgb_grey.png", grey3, small)
    put("rgb.png", rgb, note="in colour")
    put("rgba.png", np.dstack([rgb, alpha]), on_black(luma(rgb), alpha), note="transparent")
    put("la.png", np.dstack([small, alpha]), on_black(small, alpha), note="transparent")
    put("palette.png", Image.fromarray(small).convert("P"), small)
    put("one_bit.png", Image.fromarray(small).convert("1"))
    text = PngImagePlugin.PngInfo()
    text.add_text("Software", "MRIMaster phantom, synthetic")
    put("synthetic.png", small, synthetic=True, pnginfo=text)

    put("grey.jpg", small, tolerance=2, quality=95)
    put("rgb_grey.jpg", grey3, tolerance=2, quality=95)
    put("progressive.jpg", small, tolerance=2, quality=90, progressive=True)
    put("rgb.jpg", rgb, tolerance=3, quality=95, note="in colour", subsampling=0)
    put("cmyk.jpg", Image.fromarray(grey3).convert("CMYK"), tolerance=3, quality=95)
    exif = Image.Exif()
    exif[274] = 6
    stream = jpeg(small, quality=95, exif=exif)
    (OUT / "turned.jpg").write_bytes(stream)
    turned = np.rot90(np.asarray(Image.open(io.BytesIO(stream))), -1)
    expect("turned.jpg", [turned], 2, depth="eight")

    put("grey.bmp", small)
    put("rgb.bmp", rgb, note="in colour")

    def tiff(name, data, values, depth="eight", note=None, **options):
        tifffile.imwrite(OUT / name, data, metadata=None, **options)
        expect(name, values, depth=depth, note=note)
    pages = np.stack([wave(frame=f) for f in range(3)]).astype(np.uint16)
    tiff("grey.tif", small, [small])
    tiff("grey16_big.tif", wide, [wide], "wide", byteorder=">")
    tiff("pages.tif", pages, list(pages), "wide", photometric="minisblack")
    tiff("rgb.tif", rgb, [luma(rgb)], note="in colour", photometric="rgb")
    tiff("float.tif", (wave() / 16).astype(np.float32), [wave() / 16], "wide")
    tiff("signed.tif", (wave() - 2000).astype(np.int16), [wave() - 2000], "wide")
    tiff("deflate.tif", wide, [wide], "wide", compression="zlib")
    tiff("white.tif", small, [255 - small.astype(int)], photometric="miniswhite")
    Image.fromarray(small).save(OUT / "lzw.tif", compression="tiff_lzw")
    expect("lzw.tif", [small], depth="eight")
    Image.fromarray(small).convert("1").save(OUT / "one_bit.tif")
    expect("one_bit.tif", [np.asarray(Image.open(OUT / "one_bit.tif").convert("L"))], depth="eight")


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    (OUT / "refused").mkdir(parents=True)
    make_dicom()
    volumes = make_nifti()
    make_pictures()
    versions = {m.__name__: m.__version__ for m in (pydicom, nib, tifffile, np)}
    versions |= {"gdcm": gdcm.Version.GetVersion(), "Pillow": Image.__version__}
    lines = ",\n".join(f'  "{k}": {json.dumps(v, separators=(",", ":"))}' for k, v in pictures.items())
    rest = {"made_with": versions, "files": files, "volumes": volumes, "refused": refused}
    body = ",\n".join(
        f'"{k}": ' + ("[\n  " + ",\n  ".join(json.dumps(row) for row in v) + "\n]"
                      if isinstance(v, list) else json.dumps(v)) for k, v in rest.items())
    (OUT / "expected.json").write_text("{\n" + body + ',\n"pictures": {\n' + lines + "\n}\n}\n")
    total = sum(f.stat().st_size for f in OUT.rglob("*") if f.is_file())
    print(f"{len(files)} pictures, {len(volumes)} volumes, {len(refused)} refused, {total} bytes")


if __name__ == "__main__":
    main()
