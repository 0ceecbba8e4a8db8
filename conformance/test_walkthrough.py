"""The commands of docs/how-to/hub-and-spoke.md, run as they are printed.

All ```sh blocks run in order in one bash. The lines of a ```text block must be in the output of the
```sh block before it, in this order, each as part of a line; `…` stands for anything. Only the
server's port is another one.
"""

import pathlib
import re
import subprocess
import sys

import pytest

import mimeo
from conftest import REPOSITORY

PAGE = REPOSITORY / "docs" / "how-to" / "hub-and-spoke.md"
PRINTED = "http://127.0.0.1:4566"
BIN = pathlib.Path(sys.executable).parent
SECONDS_MAX = 300
MARK = "=== block "
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

pytestmark = pytest.mark.skipif(
    not (BIN / "aws").exists(), reason="the AWS CLI is not in this environment"
)


def steps(page):
    """Each block of commands with the lines that its output must hold."""
    found = []
    for language, text in BLOCK.findall(page):
        if language == "sh":
            found.append((text, []))
        elif language == "text":
            found[-1][1].extend(text.splitlines())
    return found


def fits(line, output):
    """Where in the output the line ends, or nothing."""
    parts = [re.escape(part) for part in line.strip().split("…")]
    found = re.search(".*".join(parts), output)
    return found and found.end()


def test_the_walk_through_works_as_it_is_printed(open_server, tmp_path):
    walk = steps(PAGE.read_text())
    assert len(walk) > 8
    assert sum(PRINTED in commands for commands, _ in walk) == 1
    script = ["set -euo pipefail", "exec 2>&1"]
    for number, (commands, _) in enumerate(walk):
        script += [f"printf '\\n{MARK}{number}\\n'", commands.replace(PRINTED, open_server.url)]
    environment = mimeo.clean_environment()
    environment["PATH"] = f"{BIN}:{environment['PATH']}"
    done = subprocess.run(
        ["bash", "-c", "\n".join(script)],
        cwd=tmp_path,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
    )
    assert done.returncode == 0, done.stdout
    outputs = re.split(rf"^{MARK}\d+\n", done.stdout, flags=re.MULTILINE)[1:]
    assert len(outputs) == len(walk)
    for (commands, lines), output in zip(walk, outputs):
        rest = output
        for line in lines:
            end = fits(line, rest)
            assert end is not None, f"{line!r} is not in the output of\n{commands}\n{output}"
            rest = rest[end:]
