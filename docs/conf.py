"""The site's settings for Sphinx. `build.py` runs it on a copy of this folder with the notebooks beside it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "extensions"))

from autograd import __version__  # after the path: the extensions are found by name

project = "scalar-autograd"
copyright = "the authors of scalar-autograd, MIT licence"
release = version = __version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "mathml",
    "typeface",
    "rows",
    "live",
    "names",
    "docstrings",
    "words",
]
exclude_patterns = ["playground/**", "extensions/**"]

# Pages of text
myst_enable_extensions = ["dollarmath", "amsmath", "attrs_inline", "colon_fence", "deflist"]
myst_heading_anchors = 3
nb_execution_mode = "off"  # the notebooks are shown as they were committed
nb_merge_streams = True
nb_code_prompt_show, nb_code_prompt_hide = "Show the code", "Hide the code"
nb_render_markdown_format = "myst"

# The reference
default_role = "py:obj"  # what docstrings say between single backticks is a name
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
autodoc_default_options = {"members": True}
napoleon_google_docstring, napoleon_numpy_docstring = True, False
napoleon_use_rtype, napoleon_use_ivar = False, True
python_maximum_signature_line_length = 88
toc_object_entries_show_parents = "hide"
add_module_names = True  # a heading says where a name is imported from

# How it looks: nothing on a page comes from elsewhere
html_theme = "furo"
html_title = "scalar-autograd"
html_logo = "static/logo.svg"
html_favicon = "static/logo.svg"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_math_renderer = "mathml"
html_search_language = "en-zh"
html_copy_source = False
html_show_sphinx = False
html_last_updated_fmt = None
html_theme_options = {
    "sidebar_hide_name": False,
    "light_css_variables": {
        "color-brand-primary": "#0b5cad",
        "color-brand-content": "#0b5cad",
        "color-brand-visited": "#6b4fa0",
    },
    "dark_css_variables": {
        "color-brand-primary": "#6cb2f2",
        "color-brand-content": "#6cb2f2",
        "color-brand-visited": "#b9a3e3",
    },
}
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"
