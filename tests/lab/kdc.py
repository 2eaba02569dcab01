"""Accounts of all the kinds that a KDC treats differently, and what MIT's kvno says of a name on each KDC: the oracle of the tests."""

import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import exchange
import ldif
import others

# Each a computer, KDC-AES and so on, which holds SMTPSVC/aes.<domain> and has a password if nothing else is said.
# Nobody holds SMTPSVC/missing.<domain>.
KINDS = {
    "aes": {"etypes": 24}, "aes256": {"etypes": 16}, "aes128": {"etypes": 8}, "rc4": {"etypes": 4}, "both": {"etypes": 28},
    "unset": {}, "disabled": {"disabled": True}, "expired": {"expires": 130_000_000_000_000_000}, "nokeys": {"keys": False},
    "twice": {}, "twice-too": {},
}
ETYPES = {
    "aes256-cts-hmac-sha1-96": 18, "aes128-cts-hmac-sha1-96": 17, "aes128-cts-hmac-sha256-128": 19,
    "aes256-cts-hmac-sha384-192": 20, "arcfour-hmac": 23, "des-cbc-crc": 1, "des-cbc-md5": 3,
}
FIRST_CODE = -1765328384  # MIT's numbers: from here on the 128 of RFC 4120, which are the KDC's, then those of the library itself


def account(kind):
    return {"name": f"KDC-{kind.upper()}", "kind": "computer", "spns": [f"SMTPSVC/{kind}.{exchange.DNS}"]} | KINDS[kind]


def add_accounts(lab, tools):
    """To the first domain controller, from which the others pull them. Those that are there stay as they are."""
    said = tools.run("ldbsearch", f"--configfile={lab.conf}", "-H", lab.sam, "(cn=KDC-*)", "cn")
    there = re.findall(r"^cn: (.+)$", said, re.MULTILINE)
    new = [each for kind in KINDS if (each := account(kind))["name"] not in there]
    if new:
        entries = (exchange.account_entry(each, tools.PASSWORD if each.get("keys", True) else None) for each in new)
        tools.write(lab, "kinds", "ldbadd", "".join(entries))
        # In place of the name that it has, not beside it: what is known of when it changed makes the others pull it.
        twice = ldif.entry(exchange.account_dn(account("twice-too")), {
            "changetype": "modify", "replace": "servicePrincipalName", "servicePrincipalName": account("twice")["spns"]})
        tools.write(lab, "kinds-twice", "ldbmodify", twice, database=lab.below_the_checks)
    others.pull(lab, tools)


def ask(lab, tools, spns):
    """Each KDC, each name. With the ticket of `lab kinit`, and always with a fresh copy, or one kept would answer for the KDC."""
    kdcs = {tools.HOST: "127.0.0.1"}
    for name in others.names(lab):
        other = others.Other(lab, tools, name)
        kdcs[other.host] = other.address
    tickets = Path(tools.client_env(lab)["KRB5CCNAME"].removeprefix("FILE:"))
    if not tickets.exists():
        tools.fail("no ticket; `lab kinit` gets one")
    for spn in spns:
        for server, address in kdcs.items():
            print(json.dumps({"server": server, "spn": spn} | kvno(lab, tools, tickets, address, spn)), flush=True)


def kvno(lab, tools, tickets, address, spn):
    """Code 0 and the ticket, or the KDC's code; or null and what was said, if it gave no answer."""
    namespace = lab.settings()["LAB_NETNS"]
    with tempfile.TemporaryDirectory() as folder:
        configuration, cache = Path(folder, "krb5.conf"), shutil.copy(tickets, Path(folder, "ccache"))
        configuration.write_text(lab.krb5.read_text().replace("kdc = 127.0.0.1", f"kdc = {address}"))
        env = tools.client_env(lab) | {"KRB5_CONFIG": str(configuration), "KRB5CCNAME": f"FILE:{cache}", "LC_ALL": "C"}

        def client(*command, **more):
            return subprocess.run([*tools.inside(namespace), *command], capture_output=True, text=True, env=env | more)

        asked = client("kvno", f"{spn}@{tools.REALM}", KRB5_TRACE=f"{folder}/trace")
        nothing = {"code": None, "etype": None, "kvno": None}
        if asked.returncode == 0:
            etype = re.findall(r"Etype \(skey, tkt\): \S+, (?:DEPRECATED:)?(\S+)", client("klist", "-e").stdout)[-1]
            return {"code": 0, "etype": ETYPES[etype], "kvno": int(re.search(r"kvno = (\d+)", asked.stdout)[1])}
        results = re.findall(r"TGS request result: (-\d+)/", Path(folder, "trace").read_text())
        if results and (code := int(results[-1]) - FIRST_CODE) < 128:
            return nothing | {"code": code}
        return nothing | {"error": asked.stderr.strip()}
