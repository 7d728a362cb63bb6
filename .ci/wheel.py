"""Check that a wheel has every file of the packages that git knows, and nothing else: python .ci/wheel.py WHEEL."""

import subprocess
import sys
import zipfile

known = subprocess.run(["git", "ls-files", "autograd", "nn"], check=True, capture_output=True, text=True).stdout.split()
packed = [name for name in zipfile.ZipFile(sys.argv[1]).namelist() if ".dist-info/" not in name]
missing, strange = sorted(set(known) - set(packed)), sorted(set(packed) - set(known))
if not known or missing or strange:
    sys.exit(f"the wheel lacks {missing} and has {strange} beyond what git knows")
print(f"the wheel has the {len(packed)} files of the packages, and nothing else")
