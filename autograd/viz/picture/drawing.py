"""`Drawing`: a `graphviz.Digraph` of a picture, that renders itself with or without the `dot` program."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any

import graphviz

from autograd.files import write
from autograd.viz.picture.arrangement import Arrangement
from autograd.viz.picture.boxes import Picture
from autograd.viz.picture.notebook import DRESS, shell
from autograd.viz.picture.render import GraphvizNotFoundError, render
from autograd.viz.picture.still import DPI, size, small
from autograd.viz.picture.svg import finish

__all__ = ["Drawing"]

_INCH = 72


class Drawing(graphviz.Digraph):  # type: ignore[misc]
    """What `draw` returns: everything a `graphviz.Digraph` is, and

    * `save` writes SVG, PNG, PDF or DOT by the ending of the file's name;
    * `svg` is the SVG as text;
    * `picture` is what it shows, as data.

    `render`, `pipe` and `view` are those of `graphviz`, without its need of the `dot` program. In a
    notebook a drawing shows itself.
    """

    def __init__(self, *args: Any, picture: Picture | None = None, theme: str = "light", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.picture, self.theme = picture, theme
        self.arrangement: Arrangement | None = None

    filename: str  # graphviz's, which has no types
    directory: str

    def _copy_kwargs(self, **kwargs: Any) -> Any:
        return super()._copy_kwargs(picture=self.picture, theme=self.theme, **kwargs)

    def fits(self) -> bool:
        """Whether all its texts can be read in its column; where that is not sure, it is laid out and measured."""
        arrangement = self.arrangement
        if arrangement is None or arrangement.sure or not arrangement.fits:
            return arrangement is None or arrangement.fits
        try:
            laid_out = render(self.source, "plain", engine=self.engine)  # graph, scale, width and height in inches, …
        except GraphvizNotFoundError:
            return True
        return float(laid_out.split()[2]) * _INCH <= arrangement.widest

    @property
    def svg(self) -> str:
        """The drawing as the text of an SVG; see `autograd.viz.picture.svg` for its ids."""
        return self.pipe(format="svg", encoding="utf-8")  # type: ignore[no-any-return]

    def pipe(
        self, format: str | None = None, *args: Any, engine: str | None = None, encoding: str | None = None, **_: Any
    ) -> Any:
        """The drawing in a format, "svg", "png", "pdf" …, as bytes; as text if an `encoding` is given.

        Raises:
            GraphvizError: if there is no Graphviz, or it refuses.
        """
        format = (format or self.format).lower()
        made = render(self.source, format, engine=engine or self.engine, dpi=DPI if format == "png" else None)
        if format == "svg" and self.picture is not None:
            made = finish(made, self.picture, theme=self.theme).encode()
        return made if encoding is None else made.decode(encoding)

    def save(
        self,
        filename: str | os.PathLike[str] | None = None,
        directory: str | os.PathLike[str] | None = None,
        *,
        skip_existing: bool | None = False,
    ) -> str:
        """Write the drawing if the name ends in .svg, .png, .pdf …, else its DOT source; return the path.

        A file is there whole or not at all.
        """
        path = self._place(filename, directory)
        if not (skip_existing and path.exists()):
            form = path.suffix[1:].lower()
            write(path, self.source.encode() if form in _SOURCE else self.pipe(form))
        return str(path)

    def _place(self, filename: str | os.PathLike[str] | None, directory: str | os.PathLike[str] | None) -> Path:
        if filename is not None:
            self.filename = os.fspath(filename)
        if directory is not None:
            self.directory = os.fspath(directory)
        return Path(self.filepath)

    def render(
        self,
        filename: str | os.PathLike[str] | None = None,
        directory: str | os.PathLike[str] | None = None,
        view: bool = False,
        cleanup: bool = False,
        format: str | None = None,
        *,
        outfile: str | os.PathLike[str] | None = None,
        engine: str | None = None,
        quiet_view: bool = False,
        **_: Any,
    ) -> str:
        """Write the DOT source to `filename`, the drawing beside it, and return the latter's path.

        The arguments are those of `graphviz.Digraph.render`: with `outfile` the drawing has that name and
        the source the same with ".gv"; `cleanup` leaves no source behind; `view` opens the drawing.
        """
        if outfile is not None:
            drawn = Path(directory if directory is not None else self.directory, outfile)
            source = Path(directory or "", filename) if filename is not None else drawn.with_suffix(".gv")
            format = (format or drawn.suffix[1:] or self.format).lower()
        else:
            format = (format or self.format).lower()
            source = self._place(filename, directory)
            drawn = source.with_name(f"{source.name}.{format}")
        picture = self.pipe(format, engine=engine)
        if cleanup:
            source.unlink(missing_ok=True)
        else:
            write(source, self.source.encode())
        write(drawn, picture)
        if view or quiet_view:
            self._view(str(drawn), format=format, quiet=quiet_view)
        return str(drawn)

    def _repr_mimebundle_(
        self, include: Any = None, exclude: Any = None, **_: Any
    ) -> tuple[dict[str, str], dict[str, Any]]:
        """The SVG; a PNG for a notebook that is not trusted, which shows no SVG; and the same in words."""
        bundle: dict[str, str] = {}
        about: dict[str, Any] = {}
        for kind in ("image/svg+xml", "image/png", "text/plain"):
            if (include is not None and kind not in include) or kind in (exclude or ()):
                continue
            if kind == "image/png":
                png = small(self.pipe("png"))
                bundle[kind] = base64.b64encode(png).decode()
                about[kind] = {"width": size(png)}
            else:
                bundle[kind] = self.svg if kind == "image/svg+xml" else self.words
        return bundle, about

    def _ipython_display_(self) -> None:
        """In a notebook with its colours, too, if the drawing follows its reader."""
        if self.theme != "auto" or shell() is None:
            raise NotImplementedError  # IPython's word for "ask for the bundle"
        from IPython.display import display

        bundle, about = self._repr_mimebundle_()
        display(bundle, metadata=about, raw=True)
        display({"text/html": DRESS}, raw=True)

    @property
    def words(self) -> str:
        """What the drawing shows, box by box, in words."""
        return "\n".join(box.sentence for box in self.picture.boxes) if self.picture else repr(self)


_SOURCE = ("", "gv", "dot")
