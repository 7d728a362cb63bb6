"""Check a wheel: every file of the packages that git knows, nothing else, their version: python .ci/wheel.py WHEEL."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

known = subprocess.run(["git", "ls-files", "autograd", "nn"], check=True, capture_output=True, text=True).stdout.split()
packed = [name for name in zipfile.ZipFile(sys.argv[1]).namelist() if ".dist-info/" not in name]
missing, strange = sorted(set(known) - set(packed)), sorted(set(packed) - set(known))
if not known or missing or strange:
    sys.exit(f"the wheel lacks {missing} and has {strange} beyond what git knows")
version = re.search(r'^__version__ = "(.+)"', Path("autograd/__init__.py").read_text(encoding="utf-8"), re.M)
if version is None or f"-{version[1]}-" not in sys.argv[1]:
    sys.exit(f"the wheel {sys.argv[1]} is not of the version in autograd/__init__.py: {version and version[1]}")
print(f"the wheel has the {len(packed)} files of the packages, and nothing else")
