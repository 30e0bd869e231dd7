"""Writes an answer as JSON or as XML; the two are the same by the Spark convention."""

import json
import re
from collections.abc import Mapping
from typing import Any, Literal
from xml.etree import ElementTree

Form = Literal["json", "xml"]
TYPES: dict[Form, str] = {
    "json": "application/json; charset=utf-8",
    "xml": "text/xml; charset=utf-8",
}
# What XML calls each one of a list.
ONE_OF = {
    "services": "service",
    "attributes": "attribute",
    "values": "value",
    "service_requests": "request",
    "errors": "error",
    "endpoints": "endpoint",
    "formats": "format",
}
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(form: Form, root: str, content: Any) -> bytes:
    """Write content of mappings, lists and plain values; XML puts it into an element `root`."""
    if form == "json":
        return json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")
    element = ElementTree.Element(root)
    _fill(element, content)
    written: bytes = ElementTree.tostring(element, encoding="UTF-8", xml_declaration=True)
    return written


def _fill(element: ElementTree.Element, content: Any) -> None:
    match content:
        case Mapping():
            for name, value in content.items():
                _fill(ElementTree.SubElement(element, name), value)
        case list() | tuple():
            for one in content:
                _fill(ElementTree.SubElement(element, ONE_OF[element.tag]), one)
        case bool():
            element.text = str(content).lower()
        case None:
            element.text = ""
        case other:
            element.text = NOT_XML.sub("", str(other))
