"""Validation against schemas that the user points to: `recon parse --schema DIR`.

The folder holds the XSD files of ISO 20022, under any name; the one whose target namespace is that of the file's
document is used. lxml is imported only here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

from recon_core.domain.diagnostic import Diagnostic, Severity
from recon_core.domain.refused import BadSetting

if TYPE_CHECKING:
    from lxml import etree

VIOLATIONS_MAX = 200
_TARGET = re.compile(rb"targetNamespace\s*=\s*[\"']([^\"']+)[\"']")
_NAMESPACE = re.compile(r"\{([^}]*camt\.05[234]\.[^}]*)\}")
_HEAD_BYTES = 8192


class Schemas:
    """The schemas of one folder, each loaded when a file needs it."""

    def __init__(self, folder: Path) -> None:
        self._files = {
            found[1].decode("utf-8", "replace"): path
            for path in sorted(folder.glob("*.xsd"))
            if (found := _TARGET.search(path.read_bytes()[:_HEAD_BYTES]))
        }
        if not self._files:
            raise BadSetting(f"there is no schema (*.xsd with a targetNamespace) in {folder}.", cure="Name its folder.")
        self._loaded: dict[str, etree.XMLSchema] = {}

    def violations(self, data: bytes) -> Iterator[Diagnostic]:
        """What the file breaks of its schema, each with its line. Other files than camt have no schema here."""
        from lxml import etree

        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
        try:
            root = etree.fromstring(data, parser)
        except (etree.XMLSyntaxError, ValueError) as error:
            yield Diagnostic("schema-not-checked", Severity.WARNING, "", f"the file is no well-formed XML: {error}.")
            return
        document = next((one for one in root.iter("{*}Document") if _NAMESPACE.match(one.tag)), None)
        namespace = document.tag[1:].partition("}")[0] if document is not None else None
        if document is None or namespace not in self._files:
            message = f"there is no schema for the namespace {namespace!r} in the folder."
            yield Diagnostic("schema-not-found", Severity.WARNING, "", message)
            return
        schema = self._schema(namespace)
        if schema.validate(document):
            return
        for number, found in enumerate(cast("Iterable[etree._LogEntry]", schema.error_log)):
            if number == VIOLATIONS_MAX:
                yield Diagnostic("schema-violation", Severity.WARNING, "", "there are more violations.")
                return
            yield Diagnostic("schema-violation", Severity.WARNING, f"line {found.line}", found.message)

    def _schema(self, namespace: str) -> etree.XMLSchema:
        from lxml import etree

        if namespace not in self._loaded:
            path = self._files[namespace]
            try:
                self._loaded[namespace] = etree.XMLSchema(etree.parse(path))
            except (etree.XMLSyntaxError, etree.XMLSchemaParseError) as error:
                raise BadSetting(f"{path.name} is no usable schema: {error}.", where=str(path)) from error
        return self._loaded[namespace]
