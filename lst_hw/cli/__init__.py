"""The command line ``lst-hw VERB [CHECKPOINT] --option``: one module per verb."""

from __future__ import annotations

import importlib
import sys

import click

from lst_model.errors import InputError

VERBS = {
    "train": "Train a network and write its checkpoint.",
    "quantize": "Pick formats from data; show what each tensor costs.",
    "sweep": "Train, quantise, simulate and measure a grid of designs.",
    "generate": "Write Verilog, manifest and test vectors.",
    "simulate": "Run images through the RTL, cycle by cycle.",
    "verify": "Compare the RTL with PyTorch, value by value.",
    "netlist": "Check what synthesis makes of the design, cell by cell.",
    "report": "Write a page about a design: accuracy, cycles, area, pictures.",
    "build": "Make a bitstream or a Vivado folder that needs no software.",
    "classify": "Send images to a board over a serial port.",
}


class _Verbs(click.Group):
    """Imports a verb's module only when that verb is used, so that ``--help`` does not wait for torch."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        command = importlib.import_module(f".{cmd_name}", __name__).command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="lst-hw")
def cli() -> None:
    """Turn a trained LST network into an FPGA accelerator and prove it bit-exact."""


def main(arguments: list[str] | None = None) -> None:
    """Entry point: bad input is one line on standard error and exit code 2."""
    try:
        code = cli.main(arguments, prog_name="lst-hw", standalone_mode=False)
    except InputError as error:
        click.echo(f"lst-hw: {error}", err=True)
        sys.exit(2)
    except click.ClickException as error:
        click.echo(f"lst-hw: {error.format_message()} (see lst-hw --help)", err=True)
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        click.echo("lst-hw: interrupted", err=True)
        sys.exit(130)
    sys.exit(code if isinstance(code, int) else 0)
