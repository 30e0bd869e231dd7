"""`python -m bot doctor`: what is wrong, and the mend."""

from collections.abc import Iterator, Sequence

import typer

from actions import settings as ground
from actions.settings import BackupSettings
from bot import settings
from bot.doctor.checks import look
from bot.doctor.finding import Finding, Installation


def doctor() -> None:
    """Say what is wrong and the mend; exit code 1 when something has to be mended."""
    one = Installation(settings.read(), ground.read_as(BackupSettings))
    wrong = 0
    for name, findings in look(one):
        wrong += sum(finding.urgent for finding in findings)
        for line in _told(name, findings):
            typer.echo(line)
    if wrong:
        typer.echo(f"\n{wrong} 处需要处理。{wrong} to mend.")
        raise typer.Exit(1)
    typer.echo("\n一切正常。All is well.")


def _told(name: str, findings: Sequence[Finding]) -> Iterator[str]:
    """Yield the lines about one thing: ✓ is well, ✗ has to be mended, · is worth knowing."""
    if not findings:
        yield f"✓ {name}"
    for finding in sorted(findings, key=lambda finding: not finding.urgent):
        yield f"{'✗' if finding.urgent else '·'} {name}"
        yield f"    {finding.zh}"
        yield f"    {finding.en}"
