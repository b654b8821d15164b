# SPDX-License-Identifier: BSD-2-Clause
"""The text of casemate's traces (rems-project/casemate, trace-format.adoc), in its keyed form."""

import re

TOKENS = re.compile(r'"[^"]*"|[()]|[^\s()"]+')


class Malformed(Exception):
    pass


def records(text):
    """Yields (word, fields, bare words) of each record."""
    depth, word, fields, bare, key = 0, None, {}, [], None
    for token in TOKENS.findall(text):
        if token == "(":
            depth += 1
            key = None
            if depth > 2:
                raise Malformed("nested too deep")
        elif token == ")":
            depth -= 1
            if depth < 0:
                raise Malformed("unbalanced")
            if depth == 0:
                yield word, fields, bare
                word, fields, bare = None, {}, []
        elif depth == 0:
            raise Malformed(f"{token!r} outside a record")
        elif depth == 2:
            if key is None:
                key = token
            else:
                fields[key] = token
        elif word is None:
            word = token
        else:
            bare.append(token)
    if depth:
        raise Malformed("cut short")
