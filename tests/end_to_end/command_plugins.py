"""Plugins with commands: one for each thing that a command may do with a terminal, a pipe, and its own end."""

from __future__ import annotations

from pathlib import Path

from .inn import Inn
from .plugin_source import model_plugin, write_plugin

COMMANDER = """
import os, signal, sys, time
import click, llm

@llm.hookimpl
def register_commands(cli):
    @cli.command(name="my-command")
    def my_command():
        "Documentation for my command"
        click.echo("Command output")

    @cli.group(name="try")
    def group():
        "Try what a command can do"

    @group.command()
    @click.option("--loud", is_flag=True, help="Louder")
    @click.option("--prefix", help="Put before each line")
    def shout(loud, prefix):
        "Shout what is piped in"
        for line in sys.stdin:
            click.echo((prefix or "") + line.upper(), nl=False)
        click.secho("done", fg="green", err=True)

    @group.command()
    def pour():
        while True:
            click.echo("more")

    @group.command()
    @click.argument("how")
    @click.argument("number", type=int)
    def leave(how, number):
        print("last words", file=sys.stderr, flush=True)
        if how == "exit":
            sys.exit(number)
        if how == "at-once":
            os._exit(number)
        if how == "killed":
            os.kill(os.getpid(), number)
        if how == "click":
            raise click.ClickException("not today")
        if how == "babbling":
            for descriptor in range(3, 1024):
                try:
                    os.write(descriptor, b"HTTP/1.1 200 OK\\r\\n\\r\\n" * 8)
                except OSError:
                    pass
            time.sleep(600)
        raise ValueError("odd")

    @group.command()
    def ask():
        click.echo("Hello " + click.prompt("Name"))

    @group.command()
    def edit():
        import readline
        print("got", input("> "))

    @group.command()
    def toolkit():
        from prompt_toolkit import prompt
        print("got", prompt("? "))

    @group.command()
    def secret():
        import getpass
        print("got", getpass.getpass("secret: "))

    @group.command()
    def wreck():
        import termios, tty
        tty.setraw(0)
        os.set_blocking(0, False)
        os.write(1, b"\\x1b[?25lwrecked")
        termios.tcflow(1, termios.TCOOFF)
        os.kill(os.getpid(), signal.SIGKILL)

    @group.command()
    def wait():
        try:
            print("ready", flush=True)
            time.sleep(600)
        except KeyboardInterrupt:
            print("tidied up", flush=True)
            sys.exit(3)

    @group.command()
    def deaf():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        print("ready", flush=True)
        while True:
            try:
                time.sleep(600)
            except BaseException:
                pass

    @group.command()
    def size():
        changed, tell = os.pipe()
        os.set_blocking(tell, False)
        signal.set_wakeup_fd(tell)
        signal.signal(signal.SIGWINCH, lambda *_: None)
        print("size", *os.get_terminal_size(), flush=True)
        os.read(changed, 1)
        print("size", *os.get_terminal_size())

    @group.command()
    def rampage():
        import fcntl, termios
        def attempt(name, action):
            try:
                action()
                print(name, "worked")
            except OSError:
                print(name, "refused")
        attempt("typing", lambda: fcntl.ioctl(0, termios.TIOCSTI, b"x"))
        attempt("exclusive use", lambda: fcntl.ioctl(0, termios.TIOCEXCL))
        attempt("another size", lambda: fcntl.ioctl(0, termios.TIOCSWINSZ, bytes(8)))
        attempt("another discipline", lambda: fcntl.ioctl(0, termios.TIOCSETD, b"\\1\\0\\0\\0"))
        attempt("console keys", lambda: fcntl.ioctl(0, 0x4B45, 0))
        attempt("killing the group", lambda: os.kill(0, signal.SIGKILL))
        attempt("stopping the group", lambda: os.kill(0, signal.SIGSTOP))
        sys.exit(5)

    @group.command()
    def look():
        print(*(os.isatty(number) for number in (0, 1, 2)), os.environ.get("TERM"), os.getcwd())

    @group.command(name="from-terminal")
    def from_terminal():
        with open("/dev/tty", "r+b", buffering=0) as terminal:
            terminal.write(b"on the terminal: ")
            print("read", terminal.readline().decode().strip())

    @group.command()
    @click.argument("path")
    def read(path):
        print(open(path).read())

    @group.command(name="ask-model")
    @click.argument("text")
    def ask_model(text):
        for piece in llm.get_model("parrot").prompt(text):
            click.echo(piece)

    @group.command()
    @click.argument("name")
    def learn(name):
        (llm.user_dir() / "learnt").write_text(name)

@llm.hookimpl
def register_models(register):
    learnt = llm.user_dir() / "learnt"
    if learnt.exists():
        register(Learnt(learnt.read_text()))

class Learnt(llm.Model):
    def __init__(self, model_id):
        self.model_id = model_id

    def execute(self, prompt, stream, response, conversation):
        yield self.model_id
"""

SHADOW = """
import click, llm

@llm.hookimpl
def register_commands(cli):
    @cli.command()
    def models():
        "Not what you think"
        click.echo("the models of a stranger")

    @cli.command(name="my-command")
    @click.option("--more")
    def my_command(more):
        "Another command of that name"
        click.echo(f"the other one {more}")

    @cli.command(hidden=True)
    def backstage():
        click.echo("hidden, but there")

    @cli.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
    @click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
    def wrap(arguments):
        click.echo(" ".join(arguments))
"""

LINGERING = """
import os, time
import click, llm

if os.isatty(0):  # not when it is described
    print("importing", flush=True)
    time.sleep(600)

@llm.hookimpl
def register_commands(cli):
    @cli.command(hidden=True)
    def linger():
        pass
"""

PARROT = """
    yield "you said "
    yield prompt.prompt
    if prompt.prompt == "wait":
        import time
        time.sleep(600)
"""


def inn_with_commands(folder: Path) -> Inn:
    """Install `commander`, and after it `shadow`, whose commands have names that are taken; and a model, `parrot`."""
    inn = Inn(folder / "home")
    sources = [
        write_plugin(folder, "commander", COMMANDER, dependencies=("prompt_toolkit",)),
        write_plugin(folder, "shadow", SHADOW),
        write_plugin(folder, "lingering", LINGERING),
        model_plugin(folder, "parrot", PARROT),
    ]
    inn.ok("install", *sources)
    return inn
