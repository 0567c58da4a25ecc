"""The reader of Studio's files, as routing knows readers."""

from __future__ import annotations

from collections.abc import Mapping

from channels.providers.twilio.studio.finding import looks_like_one
from channels.providers.twilio.studio.flow import read_flow
from channels.providers.twilio.studio.translation import SYSTEM, translate
from routing.engine.checks.catalog import Catalog
from routing.engine.faults import DefinitionInvalid
from routing.files.foreign import Foreign, Wish
from routing.files.text import Source


class StudioReader:
    """Fulfils `routing.files.foreign.Reader`."""

    system = SYSTEM

    def recognises(self, data: object) -> bool:
        return looks_like_one(data)

    def read(self, source: Source, *, wish: Wish, catalog: Catalog, unpublished: Mapping[str, str]) -> Foreign:
        try:
            return translate(
                read_flow(source.data, name=wish.name), wish=wish, catalog=catalog, unpublished=unpublished
            )
        except DefinitionInvalid as invalid:
            raise DefinitionInvalid([source.located(fault) for fault in invalid.faults]) from None
