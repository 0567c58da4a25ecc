"""Flows as files: JSON and YAML of our own, and the files of other systems that providers register a reader for."""

from routing.files.document import FILE_FORMAT, FlowFile, file_of, is_ours, ordered, read_file, write_file
from routing.files.text import Form, Source, form_of, read_source, unstorable

__all__ = [
    "FILE_FORMAT",
    "FlowFile",
    "Form",
    "Source",
    "file_of",
    "form_of",
    "is_ours",
    "ordered",
    "read_file",
    "read_source",
    "unstorable",
    "write_file",
]
