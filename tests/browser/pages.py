"""Writes the pages that the browser is shown, each with its JSON: `pages.py PROGRAM FOLDER`."""

import subprocess
import sys
from pathlib import Path

from organisations import ROOT, every

program, folder = sys.argv[1], Path(sys.argv[2])
organisations = every(folder)
# Of the hostile ones, those that could be markup, code or addresses, or turn the text round.
hostile = [name for name in organisations if name.startswith("hostile-") and int(name.split("-")[1]) in (0, 1, 2, 46, 54, 57, 62)]
hostile = [name for name in hostile if name.endswith("-alone") or name in ("hostile-0-connectors", "hostile-62-behind")]
for name in ["kb914137", "clean-2019", "lab-ldapsearch", "of-5", "of-200", "odd-cut-off", "no-connectors-exported", *hostile]:
    flags, files = organisations[name]
    outputs = [part for form in ("html", "json") for part in ("-o", f"{form}={folder / name}.{form}")]
    subprocess.run([program, "check", *flags, *outputs, "--from", *files], cwd=ROOT, capture_output=True, check=False)
