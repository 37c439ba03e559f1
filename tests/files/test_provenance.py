"""Provenance: an XMP packet says what a generator has made, and no other byte of it changes."""

from __future__ import annotations

import contextlib
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.files.provenance import provenance
from safelight.files.provenance.provenance import TERMS, UnreadablePacket, marked, stated
from tests import pictures

EXTENSION = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
CAPTURE = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"
WORDS = ("partly", "wholly")


def packet(inside, before="", after="", root="rdf:RDF"):
    """A packet whose RDF holds ``inside``."""
    return (
        f'{before}<x:xmpmeta xmlns:x="adobe:ns:meta/"><{root} xmlns:rdf="{RDF}"'
        f' xmlns:ipx="{EXTENSION}">{inside}</{root}></x:xmpmeta>{after}'
    ).encode()


def description(inside="", facts=""):
    return f'<rdf:Description rdf:about="" {facts}>{inside}</rdf:Description>'


def values_in(xmp):
    """The digital source types that a plain XML reader finds in a packet."""
    name = f"{{{EXTENSION}}}DigitalSourceType"
    found = []
    for node in ElementTree.fromstring(xmp.strip(b"\0 \n")).iter(f"{{{RDF}}}Description"):
        found += [node.get(name)] if node.get(name) else []
        found += [element.text for element in node.iterfind(name)]
    return found


FORMS = {
    "attribute": description(facts=f'ipx:DigitalSourceType="{CAPTURE}"'),
    "attribute in odd quotes": description(facts=f"\n ipx:DigitalSourceType\t=\n '{CAPTURE}'"),
    "attribute behind one with a bracket": description(
        facts=f'rdf:ID="a>b" ipx:DigitalSourceType="{CAPTURE}"'
    ),
    "element": description(f"<ipx:DigitalSourceType>{CAPTURE}</ipx:DigitalSourceType>"),
    "element with spaces": description(
        f"<ipx:DigitalSourceType >\n {CAPTURE}\n</ipx:DigitalSourceType >"
    ),
    "resource": description(f'<ipx:DigitalSourceType rdf:resource="{CAPTURE}"/>'),
    "empty": description("<ipx:DigitalSourceType/>"),
    "list": description(
        f"<ipx:DigitalSourceType><rdf:Bag><rdf:li>{CAPTURE}</rdf:li></rdf:Bag>"
        "</ipx:DigitalSourceType>"
    ),
    "its own namespace": description(
        f'<DigitalSourceType xmlns="{EXTENSION}">{CAPTURE}</DigitalSourceType>'
    ),
    "twice": description(f"<ipx:DigitalSourceType>{CAPTURE}</ipx:DigitalSourceType>")
    + description(facts=f'ipx:DigitalSourceType="{CAPTURE}"'),
}


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("form", FORMS)
def test_another_value_is_replaced_in_every_form_that_xmp_has_for_it(form, word):
    beside = description("<dc:title xmlns:dc='http://purl.org/dc/elements/1.1/'>Ö</dc:title>")
    xmp = packet(beside + FORMS[form] + beside)
    assert stated(xmp) == ""
    result = marked(xmp, word)
    assert stated(result) == word
    assert set(values_in(result)) == {TERMS[word]}
    assert b"digitalCapture" not in result
    assert result.count(beside.encode()) == 2


def test_of_an_attribute_only_the_value_changes():
    xmp = packet(FORMS["attribute in odd quotes"])
    assert marked(xmp, "partly") == xmp.replace(CAPTURE.encode(), TERMS["partly"].encode())


@pytest.mark.parametrize("word", WORDS)
def test_a_packet_that_says_it_already_is_left_as_it_is(word):
    for form in FORMS.values():
        xmp = packet(form.replace(CAPTURE, TERMS[word]))
        if form != FORMS["empty"]:
            assert stated(xmp) == word
            assert marked(xmp, word) is xmp


@pytest.mark.parametrize(
    "value",
    [
        "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia",
        "https://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia/",
        "digsrctype:trainedAlgorithmicMedia",
        " trainedAlgorithmicMedia\n",
    ],
)
def test_the_term_is_known_as_address_as_code_and_as_name(value):
    assert stated(packet(description(facts=f'ipx:DigitalSourceType="{value}"'))) == "wholly"


@pytest.mark.parametrize("value", [CAPTURE, "http://example.org/trainedAlgorithmicMedia", "", "x"])
def test_no_other_value_is_taken_for_it(value):
    assert stated(packet(description(facts=f'ipx:DigitalSourceType="{value}"'))) == ""


def test_what_is_said_of_something_else_is_not_said_of_the_picture():
    inner = f"<ipx:DigitalSourceType>{TERMS['wholly']}</ipx:DigitalSourceType>"
    other = "xmlns:mm='http://ns.adobe.com/xap/1.0/mm/'"
    deep = description(
        f"<mm:Ingredients {other}><rdf:Bag><rdf:li rdf:parseType='Resource'>{inner}</rdf:li>"
        "</rdf:Bag></mm:Ingredients>"
    )
    commented = f"<!-- {description(inner)} -->"
    foreign = description(
        "<a:DigitalSourceType xmlns:a='urn:a'>trainedAlgorithmicMedia</a:DigitalSourceType>"
    )
    for inside in (deep, commented, foreign):
        xmp = packet(inside)
        assert stated(xmp) == ""
        result = marked(xmp, "partly")
        assert stated(result) == "partly"
        assert inside.encode() in result


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("xmp", [None, b"", b"\0\0 \n"])
def test_where_there_is_no_packet_one_is_made(xmp, word):
    result = marked(xmp, word)
    assert stated(result) == word
    assert values_in(result) == [TERMS[word]]


def test_nothing_said_changes_nothing():
    for xmp in (None, b"", b"rubbish", pictures.XMP, packet(FORMS["attribute"])):
        assert marked(xmp, "") is xmp


def test_rdf_without_anything_in_it_is_opened():
    xmp = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><r:RDF xmlns:r="{RDF}" /></x:xmpmeta>'.encode()
    result = marked(xmp, "wholly")
    assert stated(result) == "wholly"
    assert ElementTree.fromstring(result)[0][0].get(f"{{{RDF}}}about") == ""


def test_what_is_added_is_said_of_the_same_thing_as_the_rest():
    xmp = packet('<rdf:Description rdf:about="uuid:&lt;1&gt;"/>')
    added = ElementTree.fromstring(marked(xmp, "partly"))[0][1]
    assert added.get(f"{{{RDF}}}about") == "uuid:<1>"


HOSTILE = {
    "rubbish": b"rubbish",
    "cut off": pictures.XMP[:-30].replace(b"</x:xmpmeta>", b""),
    "no description": b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>",
    "entities": b'<!DOCTYPE x [<!ENTITY a "aaaa">]>' + packet(description("&a;")),
    "a document type": b"<!DOCTYPE x SYSTEM 'file:///etc/passwd'>" + packet(description()),
    "too large": packet(description()) + b" " * provenance.LARGEST_XMP,
    "deep": b"<x>" * 200_000,
    "an unbound prefix": packet(description("<no:such/>")),
    "no letters": packet(description("\x01")),
    "not UTF-8": packet(description()).replace(b'about=""', b'about="\xff"'),
    "UTF-16": packet(description()).decode().encode("utf-16"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_packet_that_is_not_to_be_believed_says_nothing_and_is_not_patched(kind):
    assert stated(HOSTILE[kind]) == ""
    with pytest.raises(UnreadablePacket):
        marked(HOSTILE[kind], "wholly")


def test_a_packet_is_never_made_too_large_to_be_read_again():
    empty = packet(description())
    full = packet(description(), before=" " * (provenance.LARGEST_XMP - len(empty)))
    with pytest.raises(UnreadablePacket):
        marked(full, "wholly")


def test_a_packet_of_very_many_statements_is_not_made_many_times_as_large():
    many = packet(description("<ipx:DigitalSourceType/>" * 25_000))
    with pytest.raises(UnreadablePacket):
        marked(many, "wholly")


SPACE = st.text("\n \t", max_size=3)
TEXTS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=12
).map(lambda text: text.replace("&", "&amp;").replace("<", "&lt;"))


@st.composite
def packets(draw):
    """Packets as programs write them: titles, comments and source types, in any order."""
    source = draw(st.sampled_from([CAPTURE, "x", *TERMS.values()]))
    parts = [
        f"<!--{draw(TEXTS).replace('-', '')}-->",
        description(f"<ipx:Title>{draw(TEXTS)}</ipx:Title>"),
        description(facts=f"ipx:Title='{draw(TEXTS).replace(chr(39), '')}'"),
        *(form.replace(CAPTURE, source) for form in FORMS.values()),
    ]
    inside = draw(SPACE).join(draw(st.lists(st.sampled_from(parts), max_size=4)))
    padding = draw(st.sampled_from(["", "\n" * 50, "\0"]))
    before = draw(st.sampled_from(["", " ", "\ufeff", "<?xpacket begin='\ufeff'?>\n"]))
    return packet(inside, before, padding, root=draw(st.sampled_from(["rdf:RDF", "rdf:RDF"])))


@given(packets(), st.sampled_from(WORDS))
def test_any_packet_says_what_it_is_made_to_say_and_says_it_once_more_for_nothing(xmp, word):
    result = marked(xmp, word)
    assert stated(result) == word
    assert marked(result, word) is result
    other = next(item for item in WORDS if item != word)
    there_and_back = marked(marked(result, other), word)
    assert marked(marked(there_and_back, other), word) == there_and_back


@given(packets(), st.sampled_from(WORDS))
def test_what_a_packet_says_of_other_things_stays_to_the_byte(xmp, word):
    result = marked(xmp, word)
    if "DigitalSourceType" not in xmp.decode():
        place = result.index(b"</rdf:RDF>") - (len(result) - len(xmp))
        assert result[:place] + result[place + len(result) - len(xmp) :] == xmp
    titles = f".//{{{EXTENSION}}}Title"
    texts = [
        [item.text for item in ElementTree.fromstring(each.strip(b"\0")).iterfind(titles)]
        for each in (xmp, result)
    ]
    assert texts[0] == texts[1]


@given(st.binary(max_size=200) | st.integers(0, 500).map(lambda cut: pictures.XMP[:cut]))
def test_no_bytes_make_it_fail_in_another_way(xmp):
    assert stated(xmp) in ("", *WORDS)
    with contextlib.suppress(UnreadablePacket):
        assert stated(marked(xmp, "partly")) == "partly"
