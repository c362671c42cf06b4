"""What a plugin achieves in spite of all. SECURITY.md names each; one of these that fails can be taken from there."""

from __future__ import annotations

from .mercenary import Mercenary, dedented
from .packages import write_wheel
from .people import Room
from .treasures import Treasures
from .village import Village


def test_a_grant_is_a_grant_to_leak_there(agent: Mercenary, treasures: Treasures) -> None:
    code = """
        key = ask('host/get_key', name='openai').key
        socket.create_connection(('localhost', y.granted), 10).sendall(key.encode())
        """

    agent.carry_out(dedented(code))

    assert treasures.received("granted").startswith(f"sk-{treasures.token}".encode())
    assert treasures.damage("") == []


def test_another_plugins_model_answers_within_its_own_grants(mercenary: Mercenary, treasures: Treasures) -> None:
    """The victim may read the letters, and its model does so for whoever asks."""
    code = """
        there = {'type': 'text/plain', 'path': y.home + '/letters/private.txt'}
        show(ask('models/prompt', model_id='honest', prompt={'text': 'x', 'attachments': [there]}))
        """

    report = mercenary.carry_out(dedented(code))

    assert treasures.damage(report.said) == ["learned the secret"], report


def test_threads_are_few_in_the_stronger_tier_alone_and_not_for_root(
    mercenary: Mercenary, treasures: Treasures
) -> None:
    """In the weaker one the kernel counts those of all that the person runs."""
    code = """
        import threading
        threading.stack_size(65536)
        done = threading.Event()
        try:
            for _ in range(600):
                threading.Thread(target=done.wait, args=(20,)).start()
            show('all of them')
        finally:
            done.set()
        """

    report = mercenary.carry_out(dedented(code))

    are_few = mercenary.room.tier == "ns" and mercenary.room.person.uid != 0
    assert (report.said == "all of them") != are_few, report
    assert treasures.damage(report.said) == []


def test_a_key_is_masked_as_it_is_and_in_no_other_form(agent: Mercenary, treasures: Treasures) -> None:
    code = """
        key = ask('host/get_key', name='openai').key
        for form in (key, key[:-1], key[::-1]):
            message(method='host/console', params={'text': f'it is {form}.'})
        send(b'')
        time.sleep(20)
        """
    key = f"sk-{treasures.token}"

    report = agent.carry_out(dedented(code))

    assert f"it is {key}." not in report.stderr
    assert f"it is {key[:-1]}." in report.stderr
    assert f"it is {key[::-1]}." in report.stderr


def test_a_refusal_of_a_path_is_told_at_its_word(mercenary: Mercenary, treasures: Treasures) -> None:
    """It tried neither. What it may read is no refusal, whatever it says."""
    code = """
        for path in (y.home + '/.profile', y.site + '/mercenary.py'):
            message(method='host/denial', params={'kind': 'read', 'what': path, 'operation': 'failed'})
        send(b'')
        time.sleep(20)
        """

    report = mercenary.carry_out(dedented(code))

    assert "/.profile" in report.stderr
    assert "mercenary.py" not in report.stderr
    assert treasures.damage(report.stderr) == []


def test_what_it_printed_it_can_wipe_but_not_what_it_was_refused(mercenary: Mercenary, treasures: Treasures) -> None:
    code = """
        os.write(1, b'said before\\n')
        try:
            ask('collections/delete', name='private')
        except Exception:
            os.ftruncate(1, 0)
            os.write(1, b'said after\\n')
        """

    mercenary.carry_out(dedented(code))

    shown = mercenary.room.ok("plugins", "log", mercenary.name).splitlines()
    assert "said before" not in shown
    assert "said after" in shown
    assert [line for line in shown if line.endswith("refused database embeddings: it was not granted")] != []
    assert treasures.damage("") == []


def test_a_command_shows_what_it_likes(room: Room, treasures: Treasures) -> None:
    shown = room.shown("mercenary-does", r"print('\x1b]0;a title\x07\x1b[2J')", "{}")
    treasures.look_again()

    assert "\x1b]0;a title\x07\x1b[2J" in shown


def test_its_data_stays_for_who_is_installed_under_its_name(deceived: Room, village: Village) -> None:
    code = """
        import llm

        @llm.hookimpl
        def register_tools(register):
            register(remember)
            register(recall)

        def remember() -> str:
            (llm.user_dir() / "kept").write_text("kept by another")
            return "done"

        def recall() -> str:
            return (llm.user_dir() / "kept").read_text()
        """
    deceived.ok("install", write_wheel(village.folder / "first", "heir", code))
    deceived.ok("-m", "wishes", "-T", "remember", '[["remember", {}]]')

    deceived.ok("install", write_wheel(village.folder / "second", "heir", code))
    inherited = deceived.ok("-m", "wishes", "-T", "recall", '[["recall", {}]]')
    deceived.ok("uninstall", "--yes", "heir")

    assert "kept by another" in inherited
