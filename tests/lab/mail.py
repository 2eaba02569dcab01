"""An SMTP server that is not ours, in the lab's network: Exim on port 25, under the name of a server of the organisation.

It announces GSSAPI, as a receive connector with Integrated authentication does, before and within TLS, and takes no mail.
"""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

PACKAGES = ("exim4-daemon-light",)


class Mail:
    def __init__(self, lab):
        self.dir = lab.dir / "exim"
        self.tls = lab.tls
        self.pid_file = self.dir / "pid"

    def start(self, tools, namespace, name):
        """Announces this name, and gives it an address."""
        tools.packages(*PACKAGES)
        self.stop()
        self.dir.mkdir()
        # Where the lab keeps them, only root may look.
        for file in ("cert.pem", "key.pem"):
            shutil.chown(shutil.copy(self.tls / file, self.dir), "Debian-exim")
        shutil.chown(self.dir, "Debian-exim")
        (self.dir / "conf").write_text(f"""primary_hostname = {name}
spool_directory = {self.dir}
log_file_path = {self.dir}/%slog
pid_file_path = {self.pid_file}
tls_advertise_hosts = *
tls_certificate = {self.dir}/cert.pem
tls_privatekey = {self.dir}/key.pem
host_lookup =
begin authenticators
gssapi:
  driver = plaintext
  public_name = GSSAPI
  server_prompts = :
  server_condition = false
""")
        with open(f"/etc/netns/{namespace}/hosts", "a") as hosts:
            hosts.write(f"127.0.0.1 {name}\n")
        tools.run(*tools.inside(namespace), "exim4", "-C", self.dir / "conf", "-bd", "-oX", "127.0.0.1.25", "-oP", self.pid_file)
        deadline = time.monotonic() + 10
        while not self.pid_file.exists() and time.monotonic() < deadline:
            time.sleep(0.05)

    def stop(self):
        if self.pid_file.exists():
            process = Path("/proc", self.pid_file.read_text().strip())
            deadline = time.monotonic() + 10
            if process.exists():
                os.kill(int(process.name), signal.SIGTERM)
            # Until the port is free again.
            while process.exists() and time.monotonic() < deadline:
                time.sleep(0.05)
        shutil.rmtree(self.dir, ignore_errors=True)
