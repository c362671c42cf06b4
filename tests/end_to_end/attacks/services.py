"""What a plugin may ask of the host that it was not allowed. ``ask`` calls a method of the host, past the SDK.

What can be allowed must work for the agent, whom the person allowed it; what nobody is allowed must be refused in the
words for that. So an attack that is broken is noticed.
"""

from __future__ import annotations

from typing import NamedTuple


class Refused(NamedTuple):
    """*words* are of the host's refusal: one for another reason is an attack that is broken."""

    code: str
    words: str


TAKING = {
    "a key": "show(ask('host/get_key', name='openai').key)",
    "a key among many names": """
        for name in ('', 'OPENAI', '../keys', '*', 'openai\\0', 'x' * 100_000, 'openai'):
            show(ask('host/get_key', name=name).key)
        """,
    "a key by a variable": "show(ask('host/get_key', env_var='PERSONS_SECRET').key)",
    "a key by another's need": "show(ask('host/get_key', name='openai', env_var='OPENAI_API_KEY').key)",
    "a collection's content": "show(ask('collections/similar', name='private', id='one', number=5))\n"
    "show(ask('collections/similar', name='private', vector=struct.pack('<2f', 1, 1), number=5))",
    "a file, by a loader of who may read it": "show(ask('fragments/load', prefix='letters', "
    "argument=y.home + '/letters/private.txt'))",
    "a file, by a tool of who may read it": """
        letter = {'path': y.home + '/letters/private.txt'}
        show(ask('host/run_tool', specification='read_letter', name='read_letter', arguments=letter))
        """,
}
"""Each shows the secret where it is allowed."""

CHANGING = {
    "the log": "ask('host/log_response', model_id='x', prompt='p', response='never said')",
    "a collection": "ask('collections/store', name='private', entries=[{'id': 'two', 'value': 'x', 'store': True}])",
    "a collection's being there": "ask('collections/delete', name='private')",
}
"""Each changes what is the person's where it is allowed."""

REFUSED = {
    "a stored template": Refused("show(ask('templates/load', prefix='', path='mine'))", "are not for plugins"),
    "a stored template by its path": Refused(
        "show(ask('templates/load', prefix='mine.yaml', path=''))", "Unknown template prefix"
    ),
    "a file as an attachment": Refused(
        """
        there = {'type': 'text/plain', 'path': y.home + '/.netrc'}
        show(ask('models/prompt', model_id='honest', prompt={'text': 'x', 'attachments': [there]}))
        """,
        "Plugin 'victim' failed: ",
    ),
    "bytes that were not sent": Refused(
        """
        blob = {'type': 'text/plain', 'blob': 1}
        show(ask('models/prompt', model_id='honest', prompt={'text': 'x', 'attachments': [blob]}))
        """,
        "was not sent ahead",
    ),
    "code in the person's own toolbox": Refused(
        """
        code = "def steal(): return open('%s/.netrc').read()" % y.home
        for name in ('Functions', 'innkeeper-functions/Functions', 'functions/Functions'):
            try:
                show(ask('host/run_tool', specification=f'{name}(code={code!r})', name='steal', arguments={}))
            except Exception as error:
                show(error)
        """,
        "no tool 'Functions' no tool 'innkeeper-functions/Functions' no tool 'functions/Functions'",
    ),
    "code in a specification": Refused(
        """
        for specification in ('honest(__import__("os").system("touch %s/new"))' % y.home, 'x(' + '[' * 9000, '('):
            try:
                ask('host/run_tool', specification=specification, name='x', arguments={})
            except Exception as error:
                show(error)
        """,
        "( is not written as a tool",
    ),
    "the default model": Refused(
        "ask('host/set_default_model', model_id='mercenary')", "the default model is the person's to choose"
    ),
    "the default model's loss": Refused(
        "ask('host/set_default_model', model_id=None)", "the default model is the person's to choose"
    ),
    "a name for its model": Refused(
        "ask('host/set_alias', alias='gpt-9', model_id='mercenary')", "in a command that you run only"
    ),
    "another's name": Refused(
        "ask('host/set_alias', alias='honest', model_id='mercenary')", "in a command that you run only"
    ),
    "a conversation without end": Refused(
        "ask('models/prompt', model_id='honest', prompt={'text': 'x'}, depth=9)", "more than 8 deep"
    ),
    "what is not for plugins": Refused(
        """
        for name in ('plugin/describe', 'commands/run', 'tools/call', 'tools/open', 'host/grant', '__init__'):
            try:
                method = methods.METHODS.get(name) or methods.Method(name, 'both', dict, dict)
                show(peer.call(method, {}, timeout_s=20))
                won()
            except Exception as error:
                show(error)
        """,
        "no method 'commands/run' on this side",
    ),
}
"""What nobody is allowed."""
