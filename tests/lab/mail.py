"""An SMTP server that is not ours, in the lab's network: Exim on port 25, under the name of a server of the organisation.

It announces GSSAPI, as a receive connector with Integrated authentication does, before and within TLS, and takes no mail.
"""

import os
import shutil
import signal
import time

PACKAGES = ("exim4-daemon-light",)


class Mail:
    def __init__(self, lab):
        self.lab, self.dir = lab, lab.dir / "exim"
        self.pid_file = self.dir / "pid"

    def start(self, tools, namespace, name):
        """Announces this name, and gives it an address."""
        if not namespace:
            tools.fail("an SMTP server needs a network namespace of its own, not this machine's port 25")
        tools.packages(*PACKAGES)
        self.stop(tools)
        self.dir.mkdir()
        tools.certificate(self.lab, self.dir, name, f"DNS:{name}")
        for each in (self.dir, self.dir / "cert.pem", self.dir / "key.pem"):
            shutil.chown(each, "Debian-exim")
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
        while not (self.pid_file.exists() and (pid := self.pid_file.read_text().strip())):
            if time.monotonic() > deadline:
                tools.fail(f"Exim does not start; see {self.dir}")
            time.sleep(0.05)
        self.lab.remember({"LAB_SMTP_HOST": name, "LAB_SMTP_PID": pid, "LAB_SMTP_STARTED": tools.started_at(pid)})

    def stop(self, tools):
        settings = self.lab.settings()
        pid, started = settings.get("LAB_SMTP_PID"), settings.get("LAB_SMTP_STARTED")
        if pid and tools.started_at(pid) == started:
            os.kill(int(pid), signal.SIGTERM)
            deadline = time.monotonic() + 10
            while tools.started_at(pid) == started and time.monotonic() < deadline:  # until the port is free again
                time.sleep(0.05)
        shutil.rmtree(self.dir, ignore_errors=True)
