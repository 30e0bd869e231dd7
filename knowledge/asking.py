"""Puts one more sample question into the text of a record, and changes nothing else of it."""

import yaml

from knowledge.article import FRONT_MATTER


def with_question(text: str, language: str, question: str) -> str:
    """Return a record's text, be it fields or an article's file, that asks this too.

    The question is put last in its language, in the manner of those before it; the text must be
    one that can be read.
    """
    article = FRONT_MATTER.match(text)
    if article is None:
        return _put(text, ("questions", language), question)
    fields = _put(article["front"], ("questions", language), question)
    return text[: article.start("front")] + fields + text[article.end("front") :]


def _put(fields: str, path: tuple[str, ...], question: str) -> str:
    """Follow the path as far as it is there, and write what is missing of it."""
    node: yaml.Node | None = yaml.compose(fields, Loader=yaml.CSafeLoader)
    for done, key in enumerate(path):
        if not isinstance(node, yaml.MappingNode) or not node.value:
            return _in_place_of(node, fields, _flow(path[done:], question))
        found = next((value for name, value in node.value if name.value == key), None)
        if found is None:
            pair = _flow(path[done:], question)[1:-1]
            return _first_in(node, fields, pair) if done else _last_of_all(node, fields, pair)
        node = found
    if isinstance(node, yaml.SequenceNode) and node.value:
        return _last_in(node, fields, question)
    return _in_place_of(node, fields, _flow((), question))


def _flow(path: tuple[str, ...], question: str) -> str:
    """Write a list of one question, within the mappings that lead to it, in one line."""
    if path:
        return f"{{{path[0]}: {_flow(path[1:], question)}}}"
    listed: str = yaml.safe_dump(
        [question],
        allow_unicode=True,
        default_flow_style=True,
        default_style='"' if "\n" in question else None,
        width=10_000,
    )
    return listed.strip()


def _in_place_of(node: yaml.Node | None, fields: str, flow: str) -> str:
    """Write behind its name what has no value yet."""
    start, end = (node.start_mark.index, node.end_mark.index) if node else (0, 0)
    return f"{fields[:start].rstrip(' ')} {flow}{fields[end:]}"


def _first_in(mapping: yaml.MappingNode, fields: str, pair: str) -> str:
    at, margin = mapping.start_mark.index, " " * mapping.start_mark.column
    if mapping.flow_style:
        return f"{fields[: at + 1]}{pair}, {fields[at + 1 :]}"
    return f"{fields[:at]}{pair}\n{margin}{fields[at:]}"


def _last_of_all(record: yaml.MappingNode, fields: str, pair: str) -> str:
    if record.flow_style:
        return _first_in(record, fields, pair)
    kept = fields.rstrip("\n")
    return f"{kept}\n{pair}{fields[len(kept) :]}"


def _last_in(asked: yaml.SequenceNode, fields: str, question: str) -> str:
    scalar = _flow((), question)[1:-1]
    last = asked.value[-1]
    end = last.end_mark.index
    if asked.flow_style:
        return f"{fields[:end]}, {scalar}{fields[end:]}"
    if isinstance(last, yaml.ScalarNode) and last.style in ("|", ">"):
        end = len(fields[:end].rstrip())
    line_end = fields.find("\n", end)
    line_end = len(fields) if line_end < 0 else line_end
    dash = asked.start_mark.column
    entry = " " * dash + "-".ljust(last.start_mark.column - dash) + scalar
    return f"{fields[:line_end]}\n{entry}{fields[line_end:]}"
