"""What language a page of the site is in, and where its other language is.

The site is English; its pages in the folder `zh` are Chinese, from the words of the theme to what is read aloud.
Where one language stands within the other, it says so (``lang``): for its voice, and for its shapes, as 直 is drawn
otherwise in Chinese and in Japanese. A notebook and its twin in the other language lead to
each other, and the front page leads to the Chinese ones.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

CHINESE = "zh-CN"

WORDS = {
    ">Skip to content<": ">跳到正文<",
    ">Back to top<": ">回到顶部<",
    ">Next<": ">下一页<",
    ">Previous<": ">上一页<",
    "On this page": "本页目录",
    'alt="Logo"': 'alt="标志"',
    'title="Index"': 'title="索引"',
    'title="Search"': 'title="搜索"',
    'placeholder="Search"': 'placeholder="搜索"',
    'aria-label="Search"': 'aria-label="搜索"',
    'aria-label="Toggle site navigation sidebar"': 'aria-label="打开或收起导航栏"',
    'aria-label="Toggle table of contents sidebar"': 'aria-label="打开或收起目录"',
    'aria-label="Toggle Light / Dark / Auto color theme"': 'aria-label="切换配色：浅色、深色或自动"',
    ">Show the code<": ">显示代码<",
    ">Hide the code<": ">收起代码<",
    'title="Link to this heading"': 'title="本节的链接"',
    "Copyright &#169; the authors of scalar-autograd, MIT licence": "版权 &#169; scalar-autograd 作者，MIT 许可证",
    "Made with \n": "网页主题：\n",
    "<title>Contents</title>": "<title>目录</title>",
    "<title>Menu</title>": "<title>菜单</title>",
    "<title>Expand</title>": "<title>展开</title>",
    "<title>Light mode</title>": "<title>浅色</title>",
    "<title>Dark mode</title>": "<title>深色</title>",
    "<title>Auto light/dark, in light mode</title>": "<title>自动配色，现为浅色</title>",
    "<title>Auto light/dark, in dark mode</title>": "<title>自动配色，现为深色</title>",
}
"""What the theme and the shown notebooks say, as it stands in a page, and in Chinese."""

_PAGE = re.compile(
    r"The graph of (?P<of>.+?): (?P<nodes>\d+) nodes?, (?P<leaves>\d+) of them leaves; "
    r"a page to step through the forward and the backward pass\."
)
_MARKUP = re.compile(
    r"<!--.*?-->|<(?P<raw>script|style|title|iframe|pre)\b.*?</(?P=raw)>|<(?:[^<>\"']|\"[^\"]*\"|'[^']*')*>", re.DOTALL
)
_HAN = "\u3400-\u4dbf\u4e00-\u9fff"
_SAID = re.compile(f"[{_HAN}](?:.*[{_HAN}、。」）！，：；？])?", re.DOTALL)
_NEIGHBOUR = re.compile(f'(<div class="title")>(?=[^<{_HAN}]*</div>)')  # the page before or after, which is English
_TREE = '<div class="sidebar-tree">'


def page(text: str, name: str, there: set[str]) -> str:
    """A page of the site, in one language and saying so.

    Args:
        name: where it is, such as "zh/01_value.html".
        there: the names of all pages.
    """
    place = PurePosixPath(name)
    up = "../" * (len(place.parts) - 1)
    folder = {"zh": "notebooks", "notebooks": "zh"}.get(str(place.parent), "")
    twin = "zh/index.html" if name == "index.html" else f"{folder}/{place.name}"
    head, body, rest = text.partition("<body>")
    if place.parent.name == "zh":
        head = in_chinese(re.sub(r'(<html[^>]*) lang="en"', rf'\1 lang="{CHINESE}"', head, count=1))
        before, tree, after = rest.partition(_TREE)
        navigation, end, after = after.partition("</aside>")
        after = _NEIGHBOUR.sub(r'\1 lang="en">', in_chinese(after))
        rest = in_chinese(before) + tree.replace(">", ' lang="en">') + marked(navigation) + end + after
    else:
        rest = marked(rest)
    if twin in there:
        language, said = (CHINESE, "中文") if twin.startswith("zh/") else ("en", "English")
        link = f'href="{up}{twin}" hreflang="{language}"'
        if folder:
            head = head.replace("</head>", f'<link rel="alternate" {link}></head>', 1)
        else:
            said = "中文笔记本"
        rest = rest.replace("</h1>", f'</h1>\n<p class="twin"><a {link} lang="{language}">{said}</a></p>', 1)
    return head + body + rest


def in_chinese(text: str) -> str:
    """The same with the theme's words in Chinese, and what is said of the pages of `explore`.

    >>> in_chinese("<span>Next</span>")
    '<span>下一页</span>'
    """
    for english, chinese in WORDS.items():
        text = text.replace(english, chinese)
    return _PAGE.sub(
        r"\g<of> 的计算图：\g<nodes> 个节点，其中 \g<leaves> 个是叶子；可以逐步演示前向传播和反向传播", text
    )


def marked(text: str) -> str:
    """A piece of an English page, in which what is said in Chinese is marked as such.

    >>> marked('<p title="题">under 公式证明, "proofs"</p>')
    '<p title="题">under <span lang="zh-CN">公式证明</span>, "proofs"</p>'
    """
    done, at = [], 0
    for markup in _MARKUP.finditer(text):
        done += [_SAID.sub(_span, text[at : markup.start()]), markup[0]]
        at = markup.end()
    return "".join([*done, _SAID.sub(_span, text[at:])])


def _span(found: re.Match[str]) -> str:
    return f'<span lang="{CHINESE}">{found[0]}</span>'
