"""The organisations that every form of a report is tried on: all fixtures, hostile ones, small and large ones."""

import base64
import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# What does something in HTML, Markdown, a spreadsheet, cmd.exe, PowerShell or XML, or to the eye.
HOSTILE = [
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "</code></pre><b>x", "&lt;b&gt;&amp;", "]]>", "<!-- -->",
    "[a](http://evil.example)", "![a](//evil.example/x.png)", "<http://evil.example>", "http://evil.example/x", "www.evil.example",
    "@octocat", "a@evil.example", "#1", "GH-1", "x|y", "x\\|y", "`x`", "``` x", "**x** __y__ ~~z~~", "$x$ $$y$$", ":smile:", "- x", "1. x", "    x",
    "=cmd|' /C calc'!A0", "x;=1+1", "+1", "-1", "@SUM(1)", "\t=1", "a,b\"c",
    "%PATH%", "%~x", "^", "x^", "&calc", "|calc", "\"&calc", ")&(", "/?", ">x", "!x!",
    "'", "\u2019; calc #", "\u201c$(calc)\u201d", "`n", "$(calc)", "#>", "<# x", "#requires -x", "{0}",
    "\u202eevil\u202c", "\u2066x", "\u200b", "\x1b[31mred", "x\r\ny", "x\u0085y", "x\u2028y", "\x00", "\ufffe", "\ud7ff", "Zürich Ω 日本", "x" * 300,
]


def recorded():
    """The fixtures, each with its recordings."""
    apart = [*ROOT.glob("fixtures/*.ldif"), *ROOT.glob("fixtures/c[lo]*/*.ldif"), *ROOT.glob("fixtures/odd/*.ld*f")]
    files = {file.stem if file.parent.name == "fixtures" else f"{file.parent.name}-{file.stem}": [file] for file in apart}
    for tool in ("ldapsearch", "ldapsearch-full", "ldbsearch"):
        files[f"lab-{tool}"] = [ROOT / f"fixtures/lab/{tool}-{part}.ldif" for part in ("configuration", "domain")]
    files |= {case.name: sorted(case.glob("*.ld*")) for case in ROOT.glob("fixtures/cases/*")}
    return {name: [str(file.relative_to(ROOT)) for file in files] for name, files in sorted(files.items()) if files}


def in_a_dn(text):
    return "".join(char if char.isascii() and char.isalnum() else "".join(f"\\{byte:02x}" for byte in char.encode()) for char in text)


def renamed(ldif, names):
    """A recording with other names for some objects, in DNs and in values."""

    def line(match):
        attribute, value = match.groups()
        for old, new in names.items():
            value = re.sub(f"(?<=CN=){re.escape(old)}(?=,)", lambda _: in_a_dn(new), value)
            if value in (old, f"netbios:{old}"):
                value = value.replace(old, new)
        return f"{attribute}:: {base64.b64encode(value.encode()).decode()}"

    return re.sub(r"^([\w-]+): (.*)$", line, ldif, flags=re.MULTILINE)


def hostile(folder):
    """Organisations whose names are hostile, each with exceptions whose reason is: `name: (flags, files)`."""
    plain = (ROOT / "tests/cli/hostile_values/organisation.ldif").read_text()
    connectors = ["Internet Mail", "Relay", "Clients", "Partner", "clients.contoso.com", "svc-fax"]
    others = ["EX03", "Old", "Fax Service", "Dead"]
    made = {}
    for number, value in enumerate(HOSTILE):
        reason = json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        exceptions = folder / f"hostile-{number}.toml"
        exceptions.write_text(f'[[exception]]\ncode = "misplaced-spn"\nreason = {reason}\n', newline="")
        for kind, names in (("alone", dict.fromkeys(connectors + others, value)), ("behind", {name: f"{name} {value}" for name in connectors + others}),
                            ("connectors", dict.fromkeys(connectors, value))):
            file = folder / f"hostile-{number}-{kind}.ldif"
            file.write_text(renamed(plain, names), newline="")
            made[file.stem] = (["--exceptions", str(exceptions)], [str(file)])
    return made


BASE = "DC=contoso,DC=com"
CONFIGURATION = f"CN=Configuration,{BASE}"
EXCHANGE = f"CN=Servers,CN=Group,CN=Contoso,CN=Microsoft Exchange,CN=Services,{CONFIGURATION}"
HEAD = f"""dn: CN=CONTOSO,CN=Partitions,{CONFIGURATION}\nobjectClass: crossRef\ncn: CONTOSO\nnCName: {BASE}\ndnsRoot: contoso.com\nnETBIOSName: CONTOSO\nsystemFlags: 3\n
dn: CN=krbtgt,CN=Users,{BASE}\nobjectClass: user\nsAMAccountName: krbtgt\nuserAccountControl: 514\nservicePrincipalName: kadmin/changepw\n
dn: CN=DC01,OU=Domain Controllers,{BASE}\nobjectClass: computer\nsAMAccountName: DC01$\nuserAccountControl: 532480\ndNSHostName: dc01.contoso.com\nservicePrincipalName: HOST/dc01.contoso.com\n
dn: CN=Directory Service,CN=Windows NT,CN=Services,{CONFIGURATION}\nobjectClass: nTDSService\nsPNMappings: host=alerter,http\n
"""


def account(name, kind, flags, names):
    spns = "".join(f"servicePrincipalName: {spn}\n" for spn in names)
    return f"dn: CN={name.strip('$')},CN=Computers,{BASE}\nobjectClass: {kind}\nsAMAccountName: {name}\nuserAccountControl: {flags}\n{spns}"


def connector(server, name, fqdn):
    return (f"dn: CN={name},CN=SMTP Receive Connectors,CN=Protocols,CN={server},{EXCHANGE}\nobjectClass: msExchSmtpReceiveConnector\ncn: {name}\n"
            f"msExchSMTPReceiveConnectorFQDN: {fqdn}\nmsExchSMTPReceiveInboundSecurityFlag: 31\nmsExchSmtpReceiveProtocolRestrictions: 0\n\n")


def server(number):
    """A server of Exchange 2019, most of them with a fault."""
    name, fqdn = f"EX{number:03}", f"ex{number:03}.contoso.com"
    fault = number % 8
    spns = [f"HOST/{fqdn}", f"SMTPSVC/{name}"] + ([] if fault in (1, 3) else [f"SMTPSVC/{fqdn}"])
    more = {2: account(f"svc{number}", "user", 512, [f"SMTPSVC/{fqdn}"]), 3: account(f"OLD{number}$", "computer", 4098, [f"SMTPSVC/{fqdn}"]),
            6: account(f"OLD{number}$", "computer", 4098, [f"HOST/{fqdn}"])}.get(fault)
    return (f"dn: CN={name},{EXCHANGE}\nobjectClass: msExchExchangeServer\ncn: {name}\nnetworkAddress: netbios:{name}\nnetworkAddress: ncacn_ip_tcp:{fqdn}\n"
            f"versionNumber: 1942063563\nmsExchCurrentServerRoles: 16439\n\n" + connector(name, f"Default Frontend {name}", fqdn)
            + (connector(name, f"Relay {name}", f"mail{number}.contoso.com") if fault == 4 else "")
            + account(f"{name}$", "computer", 4096, spns) + f"dNSHostName: {fqdn if fault != 7 else f'new{number}.contoso.com'}\n\n" + (f"{more}\n" if more else ""))


def of_size(folder, servers):
    file = folder / f"of-{servers}.ldif"
    file.write_text(HEAD + "".join(server(number) for number in range(1, servers + 1)))
    return [str(file)]


def every(folder):
    """All organisations: `name: (flags, files)`."""
    sizes = {f"of-{servers}": ([], of_size(folder, servers)) for servers in (5, 200)}
    return {name: ([], files) for name, files in recorded().items()} | hostile(folder) | sizes
