"""Writes the Basic Profile column of DICOM PS3.15 table E.1-1 as `src/imaging/deidentify/table_e1_1.tsv`.

The table is taken from `dicom-anonymizer` (PyPI), which is made from the standard's own page:

    pip install dicom-anonymizer==2.1.0 pydicom==3.0.2
    python make_table_e1_1.py > ../../src/imaging/deidentify/table_e1_1.tsv
"""

import importlib
import re
from pathlib import Path

from pydicom.datadict import keyword_for_tag

EDITION = "2026c"
ACTIONS = {
    "X_TAGS": "X",
    "Z_TAGS": "Z",
    "D_TAGS": "D",
    "U_TAGS": "U",
    "X_Z_TAGS": "X/Z",
    "X_D_TAGS": "X/D",
    "Z_D_TAGS": "Z/D",
    "X_Z_D_TAGS": "X/Z/D",
    "X_Z_U_STAR_TAGS": "X/Z/U*",
}

database = importlib.import_module(
    f"dicomanonymizer.dicom_anonymization_databases.dicomfields_{EDITION}"
)


def names():
    """What the database's comments call the attributes the dictionary does not know yet."""
    line = re.compile(r"\((0x\w{4}), (0x\w{4})(?:, \w+)*\),\s*# (.*)")
    found = line.findall(Path(database.__file__).read_text())
    return {(int(group, 16), int(element, 16)): name for group, element, name in found}


def row(tag, action, known):
    group, element, *mask = tag
    keyword = keyword_for_tag((group, element)) if not mask else None
    keyword = keyword or re.sub(r"\W", "", known[group, element].title())
    digits = f"{group:04X}{element:04X}"
    if mask:
        mask = f"{mask[0]:04X}{mask[1]:04X}"
        digits = "".join(digit if m == "F" else "x" for digit, m in zip(digits, mask))
    return f"{digits}\t{action}\t{keyword}"


def main():
    known = names()
    rows = {row(tag, action, known) for name, action in ACTIONS.items() for tag in getattr(database, name)}
    print(f"# DICOM PS3.15 {EDITION}, table E.1-1: tag, action of the Basic Profile, keyword.")
    print("\n".join(sorted(rows)))


if __name__ == "__main__":
    main()
