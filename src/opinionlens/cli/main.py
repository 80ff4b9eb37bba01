"""The commands of `opinionlens`.

Each imports its modules when it runs, so that `opinionlens --help` answers at once.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from opinionlens.base.errors import InputError
from opinionlens.base.files import with_home
from opinionlens.cli.drift_command import drift_commands
from opinionlens.cli.exit_status import run_to_end
from opinionlens.cli.keys import keys
from opinionlens.cli.models_command import models
from opinionlens.cli.shadow_command import shadow
from opinionlens.cli.users_command import users
from opinionlens.tabular.formats import KNOWN_ENDINGS

app = typer.Typer(
    name="opinionlens",
    help="Sentiment and online reputation: train, promote, serve and predict.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _file_to_write(path: Path | None) -> Path | None:
    """Expand `~`, which shells leave alone in `--out=~/file`."""
    if path is None:
        return None
    path = Path(with_home(str(path)))
    if path.is_dir():  # also of an empty name
        raise typer.BadParameter("This is a folder; name a file.")
    return path


ModelOption = Annotated[
    str | None,
    typer.Option(
        "--model",
        help="A folder with an artifact, or NAME@VERSION, NAME@ALIAS, models:/NAME/VERSION, lexicon. "
        "Default: the served champion.",
    ),
]


@app.command("score", hidden=True)  # the older name
@app.command()
def predict(
    file_or_text: Annotated[
        str,
        typer.Argument(
            metavar="FILE|TEXT",
            help=f"A text, `-` for standard input, or a file; its ending says the format: {KNOWN_ENDINGS}.",
        ),
    ],
    text_column: Annotated[
        str | None, typer.Option(help="The column of a file that holds the texts. Default: text.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            callback=_file_to_write,
            help="Where to write; the ending says the format. "
            "Default: NAME.scored.EXT in the current folder.",
        ),
    ] = None,
    spreadsheet_safe: Annotated[
        bool,
        typer.Option(
            "--spreadsheet-safe",
            help="Put an apostrophe where a cell of a CSV or TSV file could begin a formula.",
        ),
    ] = False,
    strict: Annotated[bool, typer.Option(help="End with status 1 when a row has no prediction.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the prediction for a text as JSON.")] = False,
    model: ModelOption = None,
) -> None:
    """Predict the sentiment of a text or a file's rows."""
    from opinionlens.cli.predict import FileOptions, names_file, predict_file, predict_text
    from opinionlens.cli.processes import sigterm_as_ctrl_c

    options = FileOptions(text_column, out, strict, spreadsheet_safe)
    if not names_file(file_or_text, options):
        predict_text(_text_or_stdin(file_or_text), model=model, as_json=as_json)
        return
    with sigterm_as_ctrl_c():
        status = predict_file(Path(file_or_text), options, model=model, as_json=as_json)
    sys.exit(status)


@app.command()
def explain(
    text: Annotated[str, typer.Argument(help="The text; `-` reads standard input.")],
    model: ModelOption = None,
) -> None:
    """Print a text's prediction and the contribution of each word."""
    from opinionlens.cli.explain import run_explain

    run_explain(_text_or_stdin(text), model=model)


def _text_or_stdin(argument: str) -> str:
    if argument != "-":
        return argument
    if sys.stdin is None:  # closed by the shell: `<&-`
        raise InputError("Standard input is closed.", remedy="Give the text itself, or pipe it in.")
    return sys.stdin.buffer.read().decode("utf-8", errors="replace")


@app.command()
def evaluate(
    model: Annotated[
        str,
        typer.Argument(
            help="A folder with an artifact, or NAME@VERSION, NAME@ALIAS, models:/NAME/VERSION; "
            "`lexicon` is the built-in word list."
        ),
    ],
    file: Annotated[
        Path, typer.Argument(help=f"Labelled texts; the ending says the format: {KNOWN_ENDINGS}.")
    ],
    text_column: Annotated[
        str | None, typer.Option(help="The column with the texts. Default: found by its name.")
    ] = None,
    label_column: Annotated[
        str | None, typer.Option(help="The column with the labels. Default: found by its name.")
    ] = None,
    label: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WRITTEN=CLASS",
            help="What a label means, for example bad=NEGATIVE, or mixed=skip to leave it out. Repeat it.",
        ),
    ] = None,
    max_rows: Annotated[
        int,
        typer.Option(min=10, max=200_000, help="Measure on so many rows; each class in proportion."),
    ] = 10_000,
    seed: Annotated[int, typer.Option(min=0, help="For the sample and the intervals.")] = 0,
    champion: Annotated[bool, typer.Option(help="Compare with the champion, too.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    html: Annotated[
        Path | None,
        typer.Option(metavar="FILE", callback=_file_to_write, help="Write the report as one HTML file, too."),
    ] = None,
) -> None:
    """Measure a model on labelled texts of your own.

    The champion, VADER and the commonest class are measured beside it.
    """
    from opinionlens.cli.evaluate_command import EvaluationRequest, run_evaluate
    from opinionlens.cli.processes import sigterm_as_ctrl_c

    order = EvaluationRequest(
        model, file, text_column, label_column, tuple(label or ()), max_rows, seed, champion
    )
    with sigterm_as_ctrl_c():
        run_evaluate(order, as_json=as_json, html=html)


@app.command()
def promote(
    force: Annotated[
        str | None,
        typer.Option(metavar="REASON", help="Promote although the gate says no; the reason is recorded."),
    ] = None,
) -> None:
    """Register the tuned classifier; promote it if the gate agrees."""
    from opinionlens.cli.promotion import run_promote

    run_promote(force=force)


@app.command()
def retrain(
    data: Annotated[
        list[Path] | None,
        typer.Option("--data", metavar="FILE", help="A labelled file; repeat it. Columns are found by name."),
    ] = None,
    feedback: Annotated[
        bool, typer.Option(help="Learn from the app's feedback and reviews, too. Default: yes.")
    ] = True,
    propose: Annotated[
        bool, typer.Option("--propose", help="Register the version, and leave the champion in its place.")
    ] = False,
    trials: Annotated[
        int | None,
        typer.Option(min=1, max=10_000, help="Tune with so many trials. Default: the champion's parameters."),
    ] = None,
    trust_readers: Annotated[
        bool,
        typer.Option(
            "--trust-readers", help="Let readers' labels decide, where only known people give them."
        ),
    ] = False,
    least: Annotated[int, typer.Option(min=1, help="So many new labels are needed.")] = 50,
    time_limit: Annotated[int, typer.Option(min=1, max=2_880, help="Minutes for the whole run.")] = 120,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Retrain on new labels; promote only a real gain.

    The status is 0 if a version was promoted or proposed, 3 if it was not good enough, 4 without new labels.
    """
    from opinionlens.cli.processes import sigterm_as_ctrl_c
    from opinionlens.cli.retrain_command import run_retrain
    from opinionlens.jobs.retraining_result import RetrainingOrder

    order = RetrainingOrder(
        files=tuple(path.absolute() for path in data or ()),
        feedback=feedback,
        propose=propose,
        trust_readers=trust_readers,
        trials=trials,
        least=least,
        seconds=time_limit * 60.0,
    )
    with sigterm_as_ctrl_c():
        sys.exit(run_retrain(order, as_json=as_json))


@app.command("register-model")
def register_model(
    model_id: Annotated[str, typer.Argument(help="The logged model, m-…, as MLflow shows it.")],
    model_name: Annotated[str, typer.Argument(help="The name to register it under.")],
    force: Annotated[
        str | None,
        typer.Option(metavar="REASON", help="Promote although the gate says no; the reason is recorded."),
    ] = None,
) -> None:
    """Register a logged model; promote it if the gate agrees."""
    from opinionlens.cli.promotion import run_register_model

    run_register_model(model_id, model_name, force=force)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on (API__HOST).")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port to listen on (API__PORT).")] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, max=64, help="Processes that answer (API__WORKERS).")
    ] = None,
) -> None:
    """Start the app."""
    from opinionlens.cli.serve import run_serve

    run_serve(host=host, port=port, workers=workers)


@app.command()
def migrate() -> None:
    """Make or update the tables of the app's database."""
    from opinionlens.cli.migrate_command import run_migrate

    run_migrate()


@app.command()
def worker(
    once: Annotated[bool, typer.Option("--once", help="Run what is due now, and end.")] = False,
) -> None:
    """Run drift checks and other jobs on a schedule."""
    from opinionlens.cli.worker_command import run_worker

    sys.exit(run_worker(once=once))


@app.command()
def up(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the app.")] = 8000,
    mlflow_port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the MLflow page.")] = 5000,
) -> None:
    """Start the app and the MLflow page, until Ctrl-C."""
    from opinionlens.base.extras import require
    from opinionlens.base.settings import load_settings
    from opinionlens.cli.up import run_side_by_side

    require("mlflow", needed_by="The MLflow page")
    uri = load_settings().mlflow.local_tracking_uri
    console = Console(stderr=True)
    sys.exit(run_side_by_side(port=port, mlflow_port=mlflow_port, tracking_uri=uri, console=console))


@app.command()
def openapi(
    file: Annotated[Path, typer.Argument(callback=_file_to_write, help="Where to write it.")] = Path(
        "docs/openapi.json"
    ),
) -> None:
    """Write the description of the API, with the default limits."""
    from opinionlens.cli.openapi_command import run_openapi

    run_openapi(file)


feedback_commands = typer.Typer(
    help="Corrections that readers gave: export or delete them.", no_args_is_help=True
)
app.add_typer(feedback_commands, name="feedback")


@feedback_commands.command("export")
def export_feedback(
    file: Annotated[
        Path,
        typer.Argument(callback=_file_to_write, help="Where to write: a name that ends in .jsonl or .csv."),
    ],
) -> None:
    """Write feedback as a labelled data set.

    params.yaml can name the file under data.files.
    """
    from opinionlens.cli.feedback_command import run_export

    run_export(file)


@feedback_commands.command("delete")
def delete_feedback(
    feedback_id: Annotated[
        int | None, typer.Option("--id", min=1, help="The number that the list and the answer to it show.")
    ] = None,
    text: Annotated[
        str | None,
        typer.Option(help="Delete all that is kept of this text, predictions too; `-` reads standard input."),
    ] = None,
) -> None:
    """Delete feedback by its number, or everything about a text."""
    from opinionlens.cli.feedback_command import run_delete

    if text == "-":
        text = _text_or_stdin(text).removesuffix("\n")
    run_delete(feedback_id, text)


app.command("shadow")(shadow)
app.add_typer(drift_commands, name="drift")
app.add_typer(models, name="models")
app.add_typer(users, name="users")
app.add_typer(keys, name="keys")


def main() -> None:
    """Run `opinionlens`."""
    run_to_end(app)


def register_model_main() -> None:
    """Run the older name, `register_model <model_id> <model_name>`."""
    older = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    older.command(name="register_model")(register_model)
    run_to_end(older)


if __name__ == "__main__":
    main()
