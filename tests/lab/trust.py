"""A second forest in the lab's network, fabrikam.test with fab1 at 127.0.1.1, and a trust in both directions.

SMTPSVC/mail.fabrikam.test is held there, SMTPSVC/missing.fabrikam.test is not. DIR/env has LAB_TRUSTED_HOST and so on.
"""

from pathlib import Path

import exchange
import ldif
import others

DNS, DOMAIN = "fabrikam.test", "FABRIKAM"
BASE, REALM = "DC=fabrikam,DC=test", DNS.upper()
SID = "S-1-5-21-645243811-1846984292-666870778"
SECRET = "Throw-away.trust.2003"


class Trusted(others.Controller):
    def __init__(self, lab, tools):
        super().__init__(lab, tools, "fab1", DNS, "127.0.1.1", "LAB_TRUSTED_")

    def provision(self, namespace):
        self.make_room(namespace)
        self.tools.run(
            "samba-tool", "domain", "provision", f"--realm={REALM}", f"--domain={DOMAIN}", "--server-role=dc",
            "--dns-backend=NONE", f"--adminpass={self.tools.PASSWORD}", f"--host-name={self.name}", f"--host-ip={self.address}",
            f"--domain-sid={SID}", f"--targetdir={self.dir}", *self.options())
        self.tools.run("samba_spnupdate", "-s", self.conf)
        computer = ldif.entry(f"CN=MAIL,CN=Computers,{BASE}", {
            "objectClass": "computer", "sAMAccountName": "MAIL$", "userAccountControl": 0x1000,
            "servicePrincipalName": f"SMTPSVC/mail.{DNS}", "clearTextPassword": self.tools.PASSWORD.encode("utf-16-le")})
        self.tools.write(self.lab, "trusted", "ldbadd", computer, database=self.sam, conf=self.conf)
        self.certify()

    def register(self, namespace):
        """In the only DNS server: a zone with what clients look for."""
        self.tools.dns(self.lab, namespace, "zonecreate", "127.0.0.1", DNS)
        records = [(self.name, "A", self.address)]
        for service, port in (("_kerberos._tcp", 88), ("_ldap._tcp", 389), ("_ldap._tcp.dc._msdcs", 389)):
            records.append((service, "SRV", f"{self.host} {port} 0 100"))
        for record in records:
            self.tools.dns(self.lab, namespace, "add", "127.0.0.1", DNS, *record)

    def trust(self, conf, *domain):
        self.tools.run("/usr/bin/python3", Path(__file__).with_name("trusted_domain.py"), conf, *domain, SECRET)


def up(lab, tools):
    settings = lab.settings()
    if "LAB_TRUSTED_HOST" in settings:
        tools.fail(f"{DNS} is there already")
    namespace = settings["LAB_NETNS"]
    if not namespace:
        tools.fail("another forest needs a network namespace of its own")
    trusted = Trusted(lab, tools)
    trusted.provision(namespace)
    trusted.remember(REALM=REALM, DNS_DOMAIN=DNS)
    trusted.start(namespace)
    realm = f"    {REALM} = {{\n        kdc = {trusted.address}\n    }}\n[domain_realm]\n    .{DNS} = {REALM}\n"
    lab.krb5.write_text(lab.krb5.read_text().replace("[domain_realm]\n", realm))
    trusted.register(namespace)
    trusted.trust(lab.conf, DNS, DOMAIN, SID)
    trusted.trust(trusted.conf, exchange.DNS, tools.DOMAIN, tools.DOMAIN_SID)
    others.pull(lab, tools)


def down(lab, tools):
    if "LAB_TRUSTED_HOST" in lab.settings():
        Trusted(lab, tools).stop()
