"""The models' command line: what it prints where, and how it ends."""

import pytest

from ml import __main__ as command
from ml.evaluation import lifetime
from ml.evaluation.report import EvaluationError


def test_markdown_goes_to_standard_output_and_progress_to_standard_error(capsys, monkeypatch):
    def run(params, data):
        command.importlib.import_module("ml.evaluation.report").say("at work")
        return f"{params.churn.min_customers} customers, {data.name}"

    monkeypatch.setattr(lifetime, "run", run)
    assert command.main(["evaluate", "lifetime", "--data", "/nowhere/files"]) == 0
    told = capsys.readouterr()
    assert told.out == f"## lifetime: {lifetime.TITLE}\n\n100 customers, files\n\n"
    assert told.err == "  at work\n"


def test_without_a_name_every_evaluation_runs(capsys, monkeypatch):
    monkeypatch.setattr(command, "EVALUATIONS", ("lifetime", "lifetime"))
    monkeypatch.setattr(lifetime, "run", lambda params, data: "figures")
    assert command.main(["evaluate"]) == 0
    assert capsys.readouterr().out.count("figures") == 2


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [(EvaluationError("x.txt can't be read"), 1, "ml: x.txt can't be read\n"), (KeyboardInterrupt(), 130, "ml: inter")],
)
def test_an_end_before_the_end_is_a_sentence(capsys, monkeypatch, error, code, said):
    def stop(params, data):
        raise error

    monkeypatch.setattr(lifetime, "run", stop)
    assert command.main(["evaluate", "lifetime"]) == code
    assert capsys.readouterr().err.startswith(said)


@pytest.mark.parametrize("call", [["evaluate", "fortune"], ["divine"], []])
def test_a_wrong_call_ends_with_2(capsys, call):
    with pytest.raises(SystemExit) as stopped:
        command.main(call)
    assert stopped.value.code == 2
    assert "python -m ml" in capsys.readouterr().err


def test_help_shows_examples_and_what_can_be_evaluated(capsys):
    with pytest.raises(SystemExit) as stopped:
        command.main(["evaluate", "--help"])
    assert stopped.value.code == 0
    told = capsys.readouterr().out
    assert "python -m ml evaluate lifetime" in told
    assert lifetime.TITLE in told
