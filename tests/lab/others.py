"""More domain controllers of the lab's domain, each with an address of its own in the lab's network: dc2 at 127.0.0.2, and so on.

Nothing replicates by itself between them: `lab other DIR dc2 pull` is when it does. So a test decides who lags.
"""

import os
import signal
import subprocess
import time
from pathlib import Path

FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"


class Other:
    """One of them. `lab` is the lab, `tools` its module: run, inside, fail, stop, started_at."""

    def __init__(self, lab, tools, name):
        self.lab, self.tools, self.name = lab, tools, name
        self.host = f"{name}.{tools.DNS}"
        self.dir = lab.dir / name
        self.conf = self.dir / "etc/smb.conf"
        self.sam = self.dir / "private/sam.ldb"
        self.address = f"127.0.0.{name.removeprefix('dc')}"
        self.pid_file = self.dir / "pid"
        self.log = lab.dir / f"{name}.log"

    def join(self, namespace):
        tools = self.tools
        tools.run("ip", "-n", namespace, "addr", "add", f"{self.address}/8", "dev", "lo")
        with open(f"/etc/netns/{namespace}/hosts", "a") as hosts:
            hosts.write(f"{self.address} {self.host} {self.name}\n")
        for folder in ("cache", "run"):
            (self.dir / folder).mkdir(parents=True)
        options = {
            "netbios name": self.name.upper(), "interfaces": f"{self.address}/8", "bind interfaces only": "yes",
            "vfs objects": "dfs_samba4 acl_xattr xattr_tdb", "xattr_tdb:file": self.dir / "xattr.tdb",
            "pid directory": self.dir / "run", "ncalrpc dir": self.dir / "run/ncalrpc",
            "server services": "rpc, ldap, cldap, kdc", "disable spoolss": "yes",
            "ldap server require strong auth": "allow_sasl_over_tls", "ldb:nosync": "true",
        }
        self.samba_tool(namespace, "domain", "join", tools.DNS, "DC", f"--server={tools.HOST}", "--dns-backend=NONE",
                        f"--targetdir={self.dir}", f"--realm={tools.REALM}", "-W", tools.DOMAIN,
                        *(f"--option={name}={value}" for name, value in options.items()))
        # What it would register some time later: without it, nobody gets a ticket to it.
        account = f"CN={self.name.upper()},OU=Domain Controllers,{tools.BASE}"
        tools.write(self.lab, self.name, "ldbmodify", tools.ldif.addition(account, "servicePrincipalName", f"ldap/{self.host}"))

    def samba_tool(self, namespace, *command):
        tools = self.tools
        user = [f"-U{'Administrator'}@{tools.REALM}", f"--password={tools.PASSWORD}", "--use-kerberos=required"]
        env = os.environ | {"KRB5_CONFIG": str(self.lab.krb5), "KRB5CCNAME": f"FILE:{self.lab.dir}/{self.name}.ccache"}
        return tools.run(*tools.inside(namespace), "samba-tool", *command, *user, env=env)

    def start(self, namespace, ahead=0):
        """With the clock so many seconds ahead."""
        env = dict(os.environ)
        if ahead:
            env |= {"LD_PRELOAD": FAKETIME, "FAKETIME": f"{ahead:+d}s", "FAKETIME_DONT_RESET": "1", "FAKETIME_NO_CACHE": "1"}
        with open(self.log, "a") as log:
            process = subprocess.Popen([*self.tools.inside(namespace), "samba", "-i", "-M", "single", "-s", self.conf],
                                       stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, env=env)
        self.pid_file.write_text(f"{process.pid} {self.tools.started_at(process.pid)}\n")
        probe = ["ldapsearch", "-x", "-LLL", "-o", "nettimeout=3", "-H", f"ldap://{self.address}", "-s", "base", "-b", "", "currentTime"]
        deadline = time.monotonic() + 60
        while not self.tools.succeeds(*self.tools.inside(namespace), *probe):
            if process.poll() is not None or time.monotonic() > deadline:
                self.tools.fail(f"{self.host} does not start; see {self.log}")
            time.sleep(0.1)

    def stop(self, kind=signal.SIGTERM):
        if not self.pid_file.exists():
            return
        pid, started = self.pid_file.read_text().split()
        if self.tools.started_at(int(pid)) == started:
            if kind == signal.SIGKILL:
                os.killpg(int(pid), kind)
            self.tools.stop(int(pid))
        self.pid_file.unlink()

    def pull(self, namespace):
        """Everything that the first domain controller knows."""
        for context in (self.tools.SCHEMA, self.tools.CONFIG, self.tools.BASE):
            self.samba_tool(namespace, "drs", "replicate", self.host, self.tools.HOST, context, "--local", "-s", self.conf)


def names(lab):
    """Those that a lab has."""
    return sorted(path.name for path in lab.dir.glob("dc[0-9]*") if path.is_dir())


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
    """lab other DIR NAME pull | start [SECONDS AHEAD] | stop | kill"""
    namespace = lab.settings()["LAB_NETNS"]
    if arguments.name not in names(lab):
        tools.fail(f"this lab has no {arguments.name}")
    other = Other(lab, tools, arguments.name)
    match arguments.verb:
        case "pull":
            other.pull(namespace)
        case "start":
            other.stop()
            if arguments.ahead and not Path(FAKETIME).exists():
                tools.packages("faketime")
            other.start(namespace, arguments.ahead)
        case "stop":
            other.stop()
        case "kill":
            other.stop(signal.SIGKILL)
