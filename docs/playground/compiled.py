"""Runs in Pyodide under Node.js: archives of Python sources, compiled for the Python that will run them.

Nothing is then compiled in the browser, which makes Python start there in half the time.
"""

import importlib.util
import io
import zipfile
from importlib._bootstrap_external import _code_to_hash_pyc

DATE = (1980, 1, 1, 0, 0, 0)


def pyc(name: str, source: bytes) -> bytes:
    """The code of a module, as a file that is taken as it is: no date and no source is compared."""
    code = compile(source, name, "exec", dont_inherit=True, optimize=0)
    return bytes(_code_to_hash_pyc(code, importlib.util.source_hash(source), checked=False))


def compiled(archive: bytes, place: str, keep: bool) -> bytes:
    """The archive with its modules compiled.

    Args:
        archive: a zip file.
        place: the folder or archive it will be found in, for tracebacks.
        keep: whether sources stay, with what is compiled in `__pycache__` beside; else it takes their place.
    """
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as given, zipfile.ZipFile(made, "w") as taken:
        for name in sorted(given.namelist()):
            content = given.read(name)
            put = {name: content}
            if name.endswith(".py"):
                folder, _, file = name.rpartition("/")
                beside = importlib.util.cache_from_source(file) if keep else f"{file}c"
                put = {name: content} if keep else {}
                put[f"{folder}/{beside}".lstrip("/")] = pyc(f"{place}/{name}", content)
            for path, data in put.items():
                if not path.endswith("/"):
                    taken.writestr(zipfile.ZipInfo(path, DATE), data, zipfile.ZIP_DEFLATED)
    return made.getvalue()
