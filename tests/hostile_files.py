"""Files of every kind that browsers run, each with a script that leaves traces wherever it comes to run."""

from __future__ import annotations

import gzip
import struct
import zlib

# Seen by the page that opened it, and later by every page of the origin that it ran in.
RUN = "globalThis.ran = true; console.log('RAN'); try { localStorage.setItem('ran', location.href) } catch {}"
_SCRIPT = f"<script>{RUN}</script>"
_HTML = f'<!doctype html><html><body onload="{RUN}">{_SCRIPT}<img src=x onerror="{RUN}"></body></html>'
_XHTML = f'<html xmlns="http://www.w3.org/1999/xhtml"><body><script>{RUN}</script></body></html>'
_SVG = f'<svg xmlns="http://www.w3.org/2000/svg" onload="{RUN}"><script>{RUN}</script></svg>'
_XSLT = (
    '<?xml version="1.0"?><?xml-stylesheet type="text/xsl" href="#x"?>'
    "<!DOCTYPE x [<!ATTLIST xsl:stylesheet id ID #REQUIRED>]>"
    '<x><xsl:stylesheet id="x" version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">'
    f'<xsl:template match="/"><html><body><script>{RUN}</script></body></html></xsl:template></xsl:stylesheet></x>'
)
_MHTML = (
    "MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b; type=text/html\r\n\r\n--b\r\n"
    f"Content-Type: text/html\r\nContent-Location: http://a/\r\n\r\n{_HTML}\r\n--b--\r\n"
)
_PDF = (
    "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>>>endobj\n"
    "2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R>>endobj\n"
    f"trailer<</Root 1 0 R>>\n%%EOF\n{_HTML}"
)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png(comment: bytes) -> bytes:
    """A picture of one pixel that also holds a page."""
    head = _chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    body = _chunk(b"tEXt", b"Comment\0" + comment) + _chunk(b"IDAT", zlib.compress(b"\0\xff\0\0"))
    return b"\x89PNG\r\n\x1a\n" + head + body + _chunk(b"IEND", b"")


_GIF = b"GIF89a" + f"/*\0\1\0\0\0*/=1;{RUN}//".encode() + _HTML.encode()
_JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0\xff\xfe" + struct.pack(">H", len(_HTML) + 2)
_PAGES = ("html", "htm", "HTML", "shtml", "php", "htc", "hta", "html.bak", "unknown", "x-y-z")
_XMLS = ("xml", "xsl", "xslt", "rss", "atom", "mathml", "xul", "xbl", "rdf", "wsdl")
_TEXTS = ("txt", "md", "csv", "json", "yaml", "log")
_MEDIA = ("jpg", "webp", "bmp", "ico", "avif", "mp3", "mp4", "webm", "ogg")

FILES: dict[str, bytes] = {
    **{f"page.{end}": _HTML.encode() for end in _PAGES},
    **{f"text.{end}": _HTML.encode() for end in _TEXTS},
    **{f"media.{end}": _HTML.encode() for end in _MEDIA},
    **{f"tree.{end}": _XHTML.encode() for end in _XMLS},
    "page.xhtml": _XHTML.encode(),
    "page.xht": _XHTML.encode(),
    "styled.xml": _XSLT.encode(),
    "wide.html": b"\xff\xfe" + _HTML.encode("utf-16-le"),
    "page.html.gz": gzip.compress(_HTML.encode()),
    "image.svg": _SVG.encode(),
    "image.svgz": gzip.compress(_SVG.encode()),
    "saved.mht": _MHTML.encode(),
    "saved.mhtml": _MHTML.encode(),
    "mail.eml": _MHTML.encode(),
    "paper.pdf": _PDF.encode(),
    "script.js": RUN.encode(),
    "script.mjs": RUN.encode(),
    "style.css": b"@import 'javascript:console.log(1)';",
    "film.swf": b"FWS\6" + _HTML.encode(),
    "module.wasm": b"\0asm\1\0\0\0",
    "app.webmanifest": b"{}",
    "polyglot.png": _png(_HTML.encode()),
    "polyglot.gif": _GIF,
    "polyglot.jpg": _JPEG + _HTML.encode() + b"\xff\xd9",
}
# What runs where a browser is told nothing of the kind: these prove that the traces are seen.
CONTROLS = ("page.html", "page.unknown", "text.txt", "media.jpg")
