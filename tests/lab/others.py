"""More domain controllers of the lab's domain, each with an address of its own in the lab's network: dc2 at 127.0.0.2, and so on.

Nothing replicates by itself between them: `lab other DIR dc2 pull` is when it does. So a test decides who lags. `hold` is what an
administrator would do to stop it: the option DISABLE_INBOUND_REPL of its nTDSDSA, with which it pulls nothing even if asked to.

DIR/env has LAB2_HOST, LAB2_ADDRESS, LAB2_DIR, LAB2_LOG, LAB2_PID and LAB2_STARTED of dc2, and so on; the last two are empty
while it does not run.
"""

import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"
DISABLE_INBOUND_REPL = 2  # MS-ADTS 6.1.1.2.2.1.2.1.1


class Controller:
    """A domain controller. `lab` is the lab, `tools` its module: run, inside, fail, stop, started_at and so on."""

    def __init__(self, lab, tools, name, domain, address, prefix):
        self.lab, self.tools, self.name, self.address = lab, tools, name, address
        self.host = f"{name}.{domain}"
        self.dir = lab.dir / name
        self.conf = self.dir / "etc/smb.conf"
        self.sam = self.dir / "private/sam.ldb"
        self.log = lab.dir / f"{name}.log"
        self.prefix = prefix  # of its names in DIR/env

    def make_room(self, namespace):
        """Its folder and its address."""
        if self.dir.exists() and not (self.dir / "run").exists():
            self.tools.fail(f"{self.dir} is not from a lab; choose another DIR")
        shutil.rmtree(self.dir, ignore_errors=True)
        for folder in ("cache", "run"):
            (self.dir / folder).mkdir(parents=True)
        self.tools.run("ip", "-n", namespace, "addr", "add", f"{self.address}/8", "dev", "lo")
        with open(f"/etc/netns/{namespace}/hosts", "a") as hosts:
            hosts.write(f"{self.address} {self.host} {self.name}\n")
        self.remember(HOST=self.host, ADDRESS=self.address, DIR=self.dir, LOG=self.log, PID="", STARTED="")

    def options(self):
        options = {
            "netbios name": self.name.upper(), "interfaces": f"{self.address}/8", "bind interfaces only": "yes",
            "vfs objects": "dfs_samba4 acl_xattr xattr_tdb", "xattr_tdb:file": self.dir / "xattr.tdb",
            "pid directory": self.dir / "run", "ncalrpc dir": self.dir / "run/ncalrpc",
            "server services": "rpc, ldap, cldap, kdc", "disable spoolss": "yes",
            "ldap server require strong auth": "allow_sasl_over_tls", "ldb:nosync": "true",
        }
        return [f"--option={name}={value}" for name, value in options.items()]

    def certify(self):
        tls = self.dir / "private/tls"
        tls.mkdir(mode=0o700, exist_ok=True)
        self.tools.certificate(self.lab, tls, self.host, f"DNS:{self.host},IP:{self.address}")

    def remember(self, **values):
        self.lab.remember({self.prefix + name: value for name, value in values.items()})

    def start(self, namespace, ahead=0):
        """With the clock so many seconds ahead."""
        env = dict(os.environ)
        if ahead:
            env |= {"LD_PRELOAD": FAKETIME, "FAKETIME": f"{ahead:+d}s", "FAKETIME_DONT_RESET": "1", "FAKETIME_NO_CACHE": "1",
                    "LDB_MODULES_DISABLE_DEEPBIND": "1"}  # or the directory (rootDSE, whenChanged) would keep the right time
        with open(self.log, "a") as log:
            process = subprocess.Popen([*self.tools.inside(namespace), "samba", "-i", "-M", "single", "-s", self.conf],
                                       stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, env=env)
        self.remember(PID=process.pid, STARTED=self.tools.started_at(process.pid))
        probe = ["ldapsearch", "-x", "-LLL", "-o", "nettimeout=3", "-H", f"ldap://{self.address}", "-s", "base", "-b", "", "currentTime"]
        deadline = time.monotonic() + 60
        while not self.tools.succeeds(*self.tools.inside(namespace), *probe):
            if process.poll() is not None or time.monotonic() > deadline:
                self.tools.fail(f"{self.host} does not start; see {self.log}")
            time.sleep(0.1)

    def stop(self, kind=signal.SIGTERM):
        pid, started = (self.lab.settings()[self.prefix + name] for name in ("PID", "STARTED"))
        if pid and self.tools.started_at(int(pid)) == started:
            if kind == signal.SIGKILL:
                os.killpg(int(pid), kind)
            self.tools.stop(int(pid))
        for left in (f"faketime_shm_{pid}", f"sem.faketime_sem_{pid}"):
            Path("/dev/shm", left).unlink(missing_ok=True)
        self.remember(PID="", STARTED="")


class Other(Controller):
    """One of the lab's domain."""

    def __init__(self, lab, tools, name):
        number = name.removeprefix("dc")
        super().__init__(lab, tools, name, tools.DNS, f"127.0.0.{number}", f"LAB{number}_")

    def join(self, namespace):
        tools = self.tools
        self.make_room(namespace)
        self.samba_tool(namespace, "domain", "join", tools.DNS, "DC", f"--server={tools.HOST}", "--dns-backend=NONE",
                        f"--targetdir={self.dir}", f"--realm={tools.REALM}", "-W", tools.DOMAIN, *self.options())
        # What it would register some time later: without it, nobody gets a ticket to it.
        account = f"CN={self.name.upper()},OU=Domain Controllers,{tools.BASE}"
        tools.write(self.lab, self.name, "ldbmodify", tools.ldif.addition(account, "servicePrincipalName", f"ldap/{self.host}"))
        self.certify()
        tools.dns(self.lab, namespace, "add", "127.0.0.1", tools.DNS, self.name, "A", self.address)

    def samba_tool(self, namespace, *command):
        tools = self.tools
        user = [f"-U{'Administrator'}@{tools.REALM}", f"--password={tools.PASSWORD}", "--use-kerberos=required"]
        env = os.environ | {"KRB5_CONFIG": str(self.lab.krb5), "KRB5CCNAME": f"FILE:{self.lab.dir}/{self.name}.ccache"}
        return tools.run(*tools.inside(namespace), "samba-tool", *command, *user, env=env)

    def copy(self, namespace, to, source, conf):
        """Everything that the one knows and the other does not, and waits until it is there."""
        for context in (self.tools.SCHEMA, self.tools.CONFIG, self.tools.BASE):
            self.samba_tool(namespace, "drs", "replicate", to, source, context, "--local", "-s", conf)

    def pull(self, namespace):
        """Everything that the first domain controller knows."""
        if self.is_held():  # of which `--local` takes no notice
            self.tools.fail(f"{self.host} is held, and takes nothing in until it is released")
        self.copy(namespace, self.host, self.tools.HOST, self.conf)

    def replicate(self, namespace):
        """In both directions, so that a conflict is known to both."""
        self.copy(namespace, self.tools.HOST, self.host, self.lab.conf)
        self.pull(namespace)

    def hold(self, namespace, sign="+"):
        self.samba_tool(namespace, "drs", "options", self.host, f"--dsa-option={sign}DISABLE_INBOUND_REPL")

    def is_held(self):
        place = f"CN={self.name},CN=Servers,CN=Default-First-Site-Name,CN=Sites,{self.tools.CONFIG}"
        said = self.tools.run("ldbsearch", f"--configfile={self.conf}", "-H", self.sam, "-b", place, "(objectClass=nTDSDSA)", "options")
        options = re.search(r"^options: (\d+)$", said, re.MULTILINE)
        return bool(options and int(options[1]) & DISABLE_INBOUND_REPL)


def names(lab):
    """Those that a lab has."""
    if not lab.env_file.exists():
        return []
    return sorted(f"dc{name[1]}" for key in lab.settings() if (name := re.fullmatch(r"LAB(\d+)_HOST", key)))


def pull(lab, tools):
    """What the first domain controller has just been given is to be known to all."""
    for name in names(lab):
        Other(lab, tools, name).pull(lab.settings()["LAB_NETNS"])


def up(lab, tools, namespace, count):
    tools.packages("sssd-kcm")  # a daemon that keeps tickets, as on Fedora and RHEL
    if not namespace:
        tools.fail("several domain controllers need a network namespace of their own")
    others = [Other(lab, tools, f"dc{number}") for number in range(2, count + 1)]
    for other in others:
        other.join(namespace)
    for other in others:
        other.pull(namespace)
        other.start(namespace)


def down(lab, tools):
    for name in names(lab):
        Other(lab, tools, name).stop()


def act(lab, tools, arguments):
    """lab other DIR NAME pull | replicate | hold | release | start [SECONDS AHEAD] | stop | kill"""
    namespace = lab.settings()["LAB_NETNS"]
    if arguments.name not in names(lab):
        tools.fail(f"this lab has no {arguments.name}")
    other = Other(lab, tools, arguments.name)
    match arguments.verb:
        case "pull":
            other.pull(namespace)
        case "replicate":
            other.replicate(namespace)
        case "hold":
            other.hold(namespace)
        case "release":
            other.hold(namespace, "-")
        case "start":
            other.stop()
            if arguments.ahead and not Path(FAKETIME).exists():
                tools.packages("faketime")
            other.start(namespace, arguments.ahead)
        case "stop":
            other.stop()
        case "kill":
            other.stop(signal.SIGKILL)
