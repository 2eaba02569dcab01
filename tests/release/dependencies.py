"""What a program is made of: the licences of its dependencies, and an SBOM (CycloneDX 1.5)."""

import json
import subprocess
import tomllib
import uuid
from datetime import datetime, timezone
from pathlib import Path

# Beside the packages of Cargo.lock.
TOOLCHAIN = """\
The standard library of Rust (https://www.rust-lang.org): MIT OR Apache-2.0. Copyright The Rust Project Contributors.
"""
MINGW = """\
The run-time library of GCC: GPL-3.0-or-later WITH GCC-exception-3.1, and that of MinGW-w64: ZPL-2.1 and public domain.
"""


class Dependencies:
    """The packages that one target's program is built from."""

    def __init__(self, source, target):
        command = ["cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", target]
        metadata = json.loads(subprocess.run(command, cwd=source, check=True, stdout=subprocess.PIPE).stdout)
        self.target = target
        self.root = metadata["resolve"]["root"]
        self.edges = {node["id"]: sorted(needed(node)) for node in metadata["resolve"]["nodes"]}
        found, waiting = set(), [self.root]
        while waiting:
            package = waiting.pop()
            if package not in found:
                found.add(package)
                waiting += self.edges[package]
        packages = [package for package in metadata["packages"] if package["id"] in found and package["id"] != self.root]
        self.packages = sorted(packages, key=lambda package: (package["name"], package["version"]))
        lock = tomllib.loads((Path(source) / "Cargo.lock").read_text())
        self.sums = {(package["name"], package["version"]): package.get("checksum") for package in lock["package"]}

    def licences(self):
        """Every package with its licence, and the text of it as the package brings it."""
        parts = [f"What spn-doctor for {self.target} is built from.\n\n{TOOLCHAIN}{MINGW if 'windows' in self.target else ''}"]
        for package in self.packages:
            authors = ", ".join(package["authors"])
            parts.append(f"{'=' * 100}\n{package['name']} {package['version']}: {package['license']}\n"
                         f"{package['repository'] or ''}\n{authors}\n")
            files = texts(Path(package["manifest_path"]).parent)
            if not files:
                parts.append("The package brings no text of its licence.\n")
            for file in files:
                parts.append(f"{'-' * 40} {file.name}\n{file.read_text(errors='replace').strip()}\n")
        return "\n".join(parts)

    def sbom(self, version, epoch):
        """The same each time: its number is made of what it lists."""
        number = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps([self.target, version, *map(url, self.packages)]))
        main = {"type": "application", "bom-ref": self.root_url(version), "name": "spn-doctor", "version": version,
                "purl": self.root_url(version), "licenses": [{"expression": "MIT"}]}
        urls = {package["id"]: url(package) for package in self.packages} | {self.root: self.root_url(version)}
        bom = {
            "bomFormat": "CycloneDX", "specVersion": "1.5", "serialNumber": f"urn:uuid:{number}", "version": 1,
            "metadata": {"timestamp": datetime.fromtimestamp(epoch, timezone.utc).isoformat(), "component": main},
            "components": [self.component(package) for package in self.packages],
            "dependencies": [{"ref": urls[package], "dependsOn": [urls[each] for each in self.edges[package]]}
                             for package in sorted(urls)],
        }
        return json.dumps(bom, indent=1) + "\n"

    def root_url(self, version):
        return f"pkg:cargo/spn-doctor@{version}"

    def component(self, package):
        component = {"type": "library", "bom-ref": url(package), "name": package["name"], "version": package["version"],
                     "purl": url(package), "licenses": [{"expression": package["license"].replace("/", " OR ")}]}
        if checksum := self.sums[package["name"], package["version"]]:
            component["hashes"] = [{"alg": "SHA-256", "content": checksum}]
        return component


def url(package):
    return f"pkg:cargo/{package['name']}@{package['version']}"


def needed(node):
    """What the tests alone need does not count."""
    for dependency in node["deps"]:
        if any(kind["kind"] != "dev" for kind in dependency["dep_kinds"]):
            yield dependency["pkg"]


def texts(folder):
    names = ("license", "licence", "copying", "copyright", "notice", "unlicense")
    return sorted(file for file in folder.iterdir() if file.is_file() and file.name.lower().startswith(names))
