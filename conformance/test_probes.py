"""Every operation, probed from the model. `probes.json` holds how many of its probes each operation
passes; the number may only rise: `conformance/run test_probes.py --raise` writes it anew."""

import json
import pathlib

import mimeo
import probes
import pytest
from conftest import start
from probes import OPERATIONS
from stage import MANAGEMENT, ORGANIZATION, Stage

BASELINE = pathlib.Path(__file__).parent / "probes.json"
READS = ("Describe", "List", "Search", "Scan", "Get")

@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = start(tmp_path_factory.mktemp("probes"), ORGANIZATION)
    yield server
    assert server.stop() == 0


def results(server):
    """For each operation how many probes there are, and what is wrong with those that fail."""
    template = mimeo.upload(
        server, mimeo.Account.open(MANAGEMENT), "us-east-1", "probe.yaml", mimeo.template("probe")
    )
    numbers = iter(range(1_000_000))
    found = {}
    for operation in sorted(OPERATIONS):
        reads = operation.startswith(READS)
        stage = Stage(server, template, next(numbers), operation)
        base = stage.base(operation)
        cases = list(probes.probes(operation, base, stage.known))
        failed = {}
        for at, probe in enumerate(cases):
            # What may have changed something gets a stage of its own.
            if at and not reads and probe.expected in ("answered", "accepted"):
                fresh = Stage(server, template, next(numbers), operation)
                rebased = list(probes.probes(operation, fresh.base(operation), fresh.known))
                probe, wire = rebased[at], fresh.wire
            else:
                wire = stage.wire
            wrong = probes.verdict(operation, probe, *wire.call(operation, probe.input))
            if wrong:
                failed[probe.name] = wrong
        found[operation] = (len(cases), failed)
    return found


def test_no_operation_passes_fewer_of_its_probes_than_before(server, request):
    found = results(server)
    passed = {
        operation: {"passed": count - len(failed), "probes": count}
        for operation, (count, failed) in found.items()
    }
    told = [
        f"{operation}: {name}: {wrong}"
        for operation, (_, failed) in found.items()
        for name, wrong in failed.items()
        if "501 NotImplemented" not in wrong
    ]
    print("\n".join(told))
    if request.config.getoption("--raise"):
        BASELINE.write_text(json.dumps(passed, indent=2, sort_keys=True) + "\n")
    baseline = json.loads(BASELINE.read_text())
    fell = {
        operation: (counts, baseline[operation])
        for operation, counts in passed.items()
        if counts["passed"] < baseline[operation]["passed"]
    }
    assert not fell, f"{fell}\n" + "\n".join(told)
    assert passed == baseline, "more probes pass now: write it down with --raise"
