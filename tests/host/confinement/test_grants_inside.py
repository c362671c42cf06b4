"""What each grant opens, and that it opens no more."""

from __future__ import annotations

import os
import pty
import select
import shutil
import sys
import textwrap
from pathlib import Path

from innkeeper.confinement.confine import Run
from innkeeper.confinement.policy import HostPort, Limits, Policy

from .rooms import TIMEOUT_S, Room


def outcome_of(room: Room, code: str, policy: Policy, *arguments: object, **options: object) -> list[str]:
    outcome = room.run(textwrap.dedent(code), *arguments, policy=policy, **options)
    return [*outcome.text.splitlines(), str(outcome.status)]


def belongings(room: Room) -> Path:
    """Make a folder of the person's with two files."""
    folder = room.folder / "belongings"
    (folder / "inner").mkdir(parents=True)
    (folder / "letter").write_text("dear", encoding="utf-8")
    (folder / "inner" / "other").write_text("other", encoding="utf-8")
    room.own(folder)
    return folder


TRY = """
    import os, sys
    folder = sys.argv[1]
    def attempt(what):
        try:
            print(what())
        except OSError as error:
            print("refused")
"""


def test_a_file_to_read_is_that_file_alone(room: Room) -> None:
    folder = belongings(room)
    code = (
        TRY
        + """
    attempt(lambda: open(folder + "/letter").read())
    attempt(lambda: open(folder + "/inner/other").read())
    attempt(lambda: open(folder + "/letter", "a").write("x"))
    """
    )

    said = outcome_of(room, code, Policy("reader", read=(str(folder / "letter"),)), folder)

    assert said == ["dear", "refused", "refused", "0"]


def test_a_folder_to_read_is_all_below_it(room: Room) -> None:
    folder = belongings(room)
    code = (
        TRY
        + """
    attempt(lambda: open(folder + "/inner/other").read())
    attempt(lambda: sorted(os.listdir(folder)))
    attempt(lambda: os.unlink(folder + "/letter"))
    attempt(lambda: os.mkdir(folder + "/new"))
    """
    )

    said = outcome_of(room, code, Policy("reader", read=(str(folder),)), folder)

    assert said == ["other", "['inner', 'letter']", "refused", "refused", "0"]


def test_a_folder_to_write_is_writable_below_and_nowhere_else(room: Room) -> None:
    folder = belongings(room)
    code = (
        TRY
        + """
    attempt(lambda: open(folder + "/inner/new", "w").write("new"))
    attempt(lambda: os.rename(folder + "/inner/other", folder + "/inner/moved"))
    attempt(lambda: open(folder + "/letter", "w").write("new"))
    """
    )

    said = outcome_of(room, code, Policy("writer", write=(str(folder / "inner"),)), folder)

    assert said[:2] == ["3", "None"]
    assert (folder / "letter").read_text(encoding="utf-8") == "dear"
    assert sorted(path.name for path in (folder / "inner").iterdir()) == ["moved", "new"]


def test_a_program_to_run_runs_confined_as_the_plugin_is(room: Room) -> None:
    folder = belongings(room)
    code = (
        TRY
        + """
    import subprocess
    run = lambda *argv: subprocess.run(argv, capture_output=True, text=True).stdout.strip()
    with open("mine", "w") as file:
        file.write("mine")
    attempt(lambda: run("cat", "mine"))
    attempt(lambda: len(run(CAT, folder + "/letter")))
    attempt(lambda: run("/bin/ls"))
    open("evil", "w").write("#!/bin/cat")
    os.chmod("evil", 0o700)
    attempt(lambda: run("./evil"))
    attempt(lambda: os.kill(subprocess.Popen([CAT], stdin=subprocess.PIPE).pid, 9))
    """
    )

    cat = os.path.realpath(shutil.which("cat") or "")
    said = outcome_of(room, code.replace("CAT", repr(cat)), Policy("runner", run=(cat,)), folder)

    assert said == ["mine", "0", "refused", "refused", "None", "0"]


def test_a_script_to_run_brings_its_interpreter(room: Room) -> None:
    script = room.folder / "tool"
    script.write_text("#!/bin/sh\necho ran\n", encoding="utf-8")
    script.chmod(0o755)
    code = "import subprocess, sys\nprint(subprocess.run([sys.argv[1]], capture_output=True, text=True).stdout.strip())"

    assert outcome_of(room, code, Policy("runner", run=(str(script),)), script) == ["ran", "0"]


def test_a_build_may_run_the_system_s_programs_and_what_it_made(room: Room) -> None:
    code = """
    import os, subprocess, tempfile
    run = lambda *argv: subprocess.run(argv, capture_output=True, text=True).stdout.strip()
    print(run("sh", "-c", "echo built > made; cat made"))
    made = os.path.join(tempfile.mkdtemp(), "program")
    with open(made, "w") as file:
        file.write("#!/bin/sh\\necho made")
    run("/bin/cp", "/bin/true", "copied")
    run("chmod", "755", "copied")
    print(subprocess.run(["./copied"]).returncode)
    try:
        open("/etc/passwd")
    except OSError:
        print("refused")
    import socket
    try:
        socket.create_connection(("localhost", 1))
    except PermissionError:
        print("refused")
    """

    said = outcome_of(room, code, Policy("builder", exec_any=True))

    assert said == ["built", "0", "refused", "refused", "0"]


def test_only_granted_variables_are_there(room: Room) -> None:
    code = "import os\nprint(os.environ.get('COLOUR'), os.environ.get('SECRET'), os.environ.get('TZ'))"

    said = outcome_of(
        room,
        code,
        Policy("painter", environment=(("COLOUR", "red"),)),
        environ={"SECRET": "s", "COLOUR": "blue", "TZ": "UTC"},
    )

    assert said == ["red None UTC", "0"]


def test_compiling_may_write_the_site_packages_and_nothing_else(room: Room) -> None:
    """The one run that may: the base interpreter's compileall, which runs nothing of the plugin."""
    code = """
    import compileall, os, sys
    print(compileall.compile_dir(sys.argv[1], quiet=1))
    try:
        open(os.path.join(sys.argv[1], "..", "evil"), "w")
    except OSError:
        print("refused")
    """

    said = outcome_of(room, code, Policy("compiler", write=(str(room.site_packages),)), room.site_packages)

    assert said == ["True", "refused", "0"]
    tag = f"{sys.implementation.cache_tag}"
    assert [path.name for path in (room.site_packages / "__pycache__").iterdir()] == [f"a_package.{tag}.pyc"]


def test_a_unix_server_may_be_there_but_nothing_may_be_called(room: Room) -> None:
    code = """
    import os, socket
    path = os.path.join(os.environ["TMPDIR"], "server")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        try:
            socket.socket(socket.AF_UNIX).connect(path)
        except OSError:
            print("refused")
    for kind in ((socket.AF_UNIX, socket.SOCK_DGRAM), (16, socket.SOCK_RAW), (socket.AF_INET, socket.SOCK_DGRAM)):
        try:
            socket.socket(*kind)
        except OSError:
            print("refused")
    """

    assert outcome_of(room, code, Policy("local", unix_server=True)) == ["refused"] * 4 + ["0"]


def test_limits_are_the_policy_s(room: Room) -> None:
    code = """
    import resource as r
    kinds = r.RLIMIT_DATA, r.RLIMIT_NOFILE, r.RLIMIT_FSIZE, r.RLIMIT_CORE, r.RLIMIT_CPU
    print(*[r.getrlimit(kind) for kind in kinds])
    """
    limits = Limits(memory_bytes=300_000_000, open_files=77, file_bytes=1000, cpu_s=9)

    said = outcome_of(room, code, Policy("small", limits=limits))

    assert said == ["(300000000, 300000000) (77, 77) (1000, 1000) (0, 0) (9, 9)", "0"]


def test_memory_that_is_not_there_is_a_memory_error(room: Room) -> None:
    code = "try:\n    bytearray(400_000_000)\nexcept MemoryError:\n    print('too much')"

    assert outcome_of(room, code, Policy("small", limits=Limits(memory_bytes=300_000_000))) == ["too much", "0"]


def test_the_person_s_working_directory_is_there_but_not_what_is_in_it(room: Room) -> None:
    folder = belongings(room)
    folder.chmod(0o755)
    code = (
        TRY
        + """
    print(os.getcwd() == folder)
    attempt(lambda: open("letter").read())
    attempt(lambda: open("new", "w"))
    """
    )

    said = outcome_of(room, code, Policy("guest"), folder, cwd=str(folder))

    assert said[:2] == ["True", "refused"]
    assert not (folder / "new").exists()


def test_a_trusted_plugin_is_not_confined(room: Room) -> None:
    folder = belongings(room)
    code = (
        TRY
        + """
    attempt(lambda: open(folder + "/letter").read())
    attempt(lambda: os.environ["SECRET"])
    """
    )

    said = outcome_of(room, code, Policy("friend", trusted=True), folder, environ={"SECRET": "s"})

    assert said == ["dear", "s", "0"]


TERMINAL = """
import fcntl, os, sys, termios
print(os.isatty(0), flush=True)
tty = os.open("/dev/tty", os.O_RDWR)
os.write(tty, b"written\\n")
termios.tcgetattr(0)
for fd in (0, tty):
    try:
        fcntl.ioctl(fd, termios.TIOCSTI, b"!")
        print("typed", flush=True)
    except OSError:
        print("refused", flush=True)
"""


def test_a_plugin_with_the_terminal_cannot_type_for_the_person(room: Room) -> None:
    script = room.folder / "terminal.py"
    script.write_text(TERMINAL, encoding="utf-8")
    confined = room.confined(Run(script=str(script)), Policy("screen", terminal=True, read=(str(room.folder),)))
    pid, terminal = pty.fork()
    if pid == 0:
        try:
            os.setgid(room.uid)
            os.setuid(room.uid)
            for fd in confined.pass_fds:
                os.set_inheritable(fd, True)
            os.execve(confined.argv[0], confined.argv, confined.environment)
        finally:
            os._exit(99)
    confined.started()
    shown = b""
    while select.select([terminal], [], [], TIMEOUT_S)[0]:
        try:
            shown += os.read(terminal, 1000)
        except OSError:
            break  # the other side is gone
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    if confined.broker_fd is not None:
        os.close(confined.broker_fd)
    confined.cleanup()

    assert shown.decode().splitlines() == ["True", "written", "refused", "refused"]
    assert os.waitstatus_to_exitcode(status) == 0


def test_what_a_grant_does_not_name_stays_closed_in_all_of_them(room: Room) -> None:
    """Everything granted at once, and still the next file is not readable."""
    folder = belongings(room)
    policy = Policy(
        "favourite",
        read=(str(folder / "letter"),),
        write=(str(folder / "inner"),),
        run=("/bin/cat",),
        net=(HostPort.parse("localhost:1"),),
        terminal=True,
    )
    (room.folder / "other").write_text("x", encoding="utf-8")
    room.own(room.folder / "other")
    code = (
        TRY
        + """
    attempt(lambda: open(folder + "/../other").read())
    attempt(lambda: open("/etc/passwd").read())
    """
    )

    assert outcome_of(room, code, policy, folder) == ["refused", "refused", "0"]
