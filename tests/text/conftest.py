"""Texts that are hard to cut: the edges of every rule, glued in any order, among any characters."""

import pytest
from hypothesis import strategies as st

_EDGES = """
a I it don't DON’T rock'n'roll ' '' ’ ` ´ \x92 x' 'x soooo sooooo AAAA 1111 10/10 3.5 _ __ _x_ a_b
x-y well-made @bob @_b_ @bob's @josé @ @@ a@b.com @http://x @www.x RT rt RT@x: #fail # #1 ## C# http
https https_ https@b http://t.co/x) https://a.b/c?d=e! HTTP://X.Y www.x.yz www. xhttp://y éhttp://z
_www.a l'http://b http:// http://!!! :// <br /> <br/> <B> </b> < > <3 <33 </3 <a
href="http://x.y/@z"> <a <!-- x --> <K> <\u212a> &amp; &lt;3 &#39; &#x27; &nbsp; & &x; &lt;b&gt;
&copy :) :-) :( ;-) =D :D :P :-/ :/ :| :* :3 :o :'( :’( (: (; >:( =) ^_^ ^^ ^^^ -_- -__- >.< o_O O_O
t_t u_u \\o/ xD :Dé :s ! !! !!! ? ?? ?! !?! … .. ... .... , . ; : ( ) [ ] { } / \\ | * - – — “ ” " «
» £ € ™ ½ ² ª µ ß É é E\u0301 ſ \u212a 😂 😂😂 👍🏽 👨\u200d👩\u200d👧 ❤\ufe0f 🇮🇹 ☺ ★ नमस्ते שָׁלוֹם مرحبا
Привет 你好！ cafe\u0301 İ ı ŉ ﬁ Å gr\u200beat so\u00adft \u200d \ufe0f \u20e3
"""
_SPACES = [
    " ",
    "  ",
    "\n",
    "\t",
    "\r\n",
    "\x00",
    "\x1c",
    "\x85",
    "\xa0",
    "\u2028",
    "\x7f",
    "\ufffd",
    "\ufeff",
]


@pytest.fixture(scope="session")
def edges() -> list[str]:
    """The fragments, each at the edge of some rule."""
    return _EDGES.split()


@pytest.fixture(scope="session")
def hard_texts() -> st.SearchStrategy[str]:
    """Texts as a strategy; without lone surrogates, which no column of a data frame can hold."""
    edges = st.sampled_from([*_EDGES.split(), *_SPACES, *" " * 20])
    glued = st.lists(edges, max_size=14).map("".join)
    return st.one_of(glued, st.text(max_size=40), st.tuples(glued, st.text(max_size=8), glued).map("".join))
