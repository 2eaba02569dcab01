"""LDIF (RFC 2849), as ldbadd and ldbmodify take it."""

import base64
import re


def line(name, value):
    raw = value if isinstance(value, bytes) else str(value).encode()
    if re.fullmatch(rb"[!-9;=-~]([ -~]*[!-~])?", raw):
        return f"{name}: {raw.decode()}\n"
    return f"{name}:: {base64.b64encode(raw).decode()}\n"


def entry(dn, attributes):
    """A list gives several values; None, "" and [] give no attribute."""
    text = line("dn", dn)
    for name, values in attributes.items():
        for value in values if isinstance(values, list) else [values]:
            if value not in (None, ""):
                text += line(name, str(value).upper() if isinstance(value, bool) else value)
    return text + "\n"


def addition(dn, name, values):
    """A change that adds values to an entry which is already there."""
    return entry(dn, {"changetype": "modify", "add": name, name: values})


def rdn(name):
    """A name as it is written in a DN (RFC 4514)."""
    return re.sub(r'([,+"\\<>;=])', r"\\\1", name).replace("\n", r"\0A")
