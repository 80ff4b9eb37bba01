"""`opinionlens shadow`: a challenger answers served texts unseen."""

from __future__ import annotations

import json
import sys
from functools import partial
from typing import Annotated

import typer

from opinionlens.base.errors import InputError
from opinionlens.cli.telling import tell

ShareOption = Annotated[
    float | None,
    typer.Option(
        min=0, max=1, help="The share of stored texts that it answers. Default: WORKER__SHADOW_SHARE."
    ),
]
VersionOption = Annotated[
    str | None,
    typer.Option(help="A number or an alias of the served model. Default: WORKER__SHADOW_VERSION."),
]


def shadow(
    share: ShareOption = None,
    version: VersionOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Let a challenger answer a share of the stored texts.

    The status is 0 when it has, 4 where there is no challenger.
    """
    from opinionlens.cli.processes import sigterm_as_ctrl_c

    with sigterm_as_ctrl_c():
        sys.exit(_run(share, version, as_json=as_json))


def _run(share: float | None, version: str | None, *, as_json: bool) -> int:
    from opinionlens.base.settings import load_settings
    from opinionlens.base.wording import counted
    from opinionlens.cli.app_database import open_database
    from opinionlens.cli.registries import with_login
    from opinionlens.jobs.shadow_run import NO_CHALLENGER, Challenger, answer_beside, find_challenger
    from opinionlens.library.registry_access import open_store
    from opinionlens.registry import Registry
    from opinionlens.storage.shadow_answers import ShadowVersion

    settings = load_settings()
    name, wanted = settings.api.model_name, version or settings.worker.shadow_version
    share = settings.worker.shadow_share if share is None else share
    if share == 0:
        raise InputError(
            "The challenger is to answer no texts.",
            remedy="Set WORKER__SHADOW_SHARE, or give --share 0.1 for a tenth.",
        )

    def load(registry: Registry) -> Challenger | None:
        found = find_challenger(registry, name, wanted)
        if found is None:
            return None
        model = open_store(settings.api.saved_model_path).load(found, registry)
        return Challenger(ShadowVersion(found.name, found.number), model.classifier)

    challenger = with_login(settings.mlflow, load)
    if challenger is None:
        tell(f"No version of {name} waits to replace the champion.")
        return NO_CHALLENGER
    with open_database() as database:
        run = answer_beside(database, challenger, share=share)
    if as_json:
        print(json.dumps(run.as_dict(), indent=2))
    say = partial(tell, style="yellow") if run.differing else tell
    say(
        f"{run.version.name} {run.version.number} answered {counted(run.answered, 'text')}, "
        f"{run.differing:,} of them otherwise."
    )
    return 0
