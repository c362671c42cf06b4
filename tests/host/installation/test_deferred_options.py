"""Which classes of options are so plain that pydantic can wait; and what is found so, behaves as without waiting."""

from __future__ import annotations

import random
import textwrap
from pathlib import Path

import pytest
from innkeeper.installation.deferred_options import deferrable_classes

from tests.plugin_sdk.deferred_observing import observed

TOP = """
import llm
import typing as t
from typing import Annotated, Any, List, Literal, Optional, Union
from pydantic import Field, field_validator
"""


def found_in(folder: Path, *sources: str) -> list[str]:
    paths = []
    for number, source in enumerate(sources):
        paths.append(folder / f"plugin_{number}.py")
        paths[-1].write_text(source, "utf-8")
    return deferrable_classes(str(folder), map(str, paths))


def module(body: str) -> str:
    return TOP + textwrap.dedent(body)


FIT = {
    "no option": "class Options(llm.Options): pass",
    "defaults": """
            class Options(llm.Options):
              a: int = 1
              b: str = "x"
              c: float = -1.5
              d: bool = True
              e: float = 2
        """,
    "optional": """
            class Options(llm.Options):
              a: Optional[int] = None
              b: Union[int, None] = None
              c: int | None = None
        """,
    "optional, with a default": "class Options(llm.Options):\n  a: Optional[int] = 3\n  b: t.Optional[str] = 'x'",
    "of other types": """
            class Kind: pass
            class Options(llm.Options):
              a: Optional[Kind] = None
              b: List[Kind] | None = None
        """,
    "one of some": "class Options(llm.Options):\n  a: Literal['x', 'y'] = 'y'\n  b: Optional[Literal[1, 2]] = 2",
    "described": "class Options(llm.Options):\n  a: Optional[int] = Field(description='x' + 'y', default=None, ge=0)",
    "default first": "class Options(llm.Options):\n  a: Optional[int] = Field(None, ge=0, le=sum([1]))",
    "checked": """
        class Options(llm.Options):
            a: Optional[int] = None

            @field_validator("a", mode="before")
            @classmethod
            def validate_a(cls, a):
                return a or 1

            def helper(self):
                return self.a
        """,
    "inside": "class Model:\n  class Options(llm.Options):\n    a: int = 1\n  class More(Options):\n    b: int = 2",
    "below": "class Base(llm.Options):\n  a: int = 1\nclass Model:\n  class Options(Base):\n    b: int = 2",
}


@pytest.mark.parametrize("body", FIT.values(), ids=FIT.keys())
def test_plain_classes_can_wait(body: str, tmp_path: Path) -> None:
    found = found_in(tmp_path, module(body))
    assert found
    assert len(found) == body.count("Options)") + body.count("Base)")


UNFIT = {
    "required": "class Options(llm.Options):\n  a: Optional[int]",
    "required by Field": "class Options(llm.Options):\n  a: Optional[int] = Field(ge=0)",
    "required by dots": "class Options(llm.Options):\n  a: Optional[int] = Field(...)",
    "two defaults": "class Options(llm.Options):\n  a: Optional[int] = Field(1, default=2)",
    "a factory": "class Options(llm.Options):\n  a: List[int] = Field(default_factory=list)",
    "default validated": "class Options(llm.Options):\n  a: int = Field(default=1, validate_default=True)",
    "an alias": "class Options(llm.Options):\n  a: int = Field(default=1, alias='b')",
    "excluded": "class Options(llm.Options):\n  a: int = Field(default=1, exclude=True)",
    "hidden": "class Options(llm.Options):\n  a: int = Field(default=1, repr=False)",
    "keywords": "K = {'exclude': True}\nclass Options(llm.Options):\n  a: int = Field(default=1, **K)",
    "positions": "P = [1]\nclass Options(llm.Options):\n  a: int = Field(*P)",
    "default computed": "class Options(llm.Options):\n  a: int = 1 + 1",
    "default named": "ONE = 1\nclass Options(llm.Options):\n  a: int = Field(default=ONE)",
    "default mutable": "class Options(llm.Options):\n  a: List[int] = []",
    "default of another type": "class Options(llm.Options):\n  a: int = 'x'",
    "default a bool": "class Options(llm.Options):\n  a: int = True",
    "default a float": "class Options(llm.Options):\n  a: int = 1.0",
    "default None, not allowed": "class Options(llm.Options):\n  a: int = None",
    "default none of some": "class Options(llm.Options):\n  a: Literal['x'] = 'y'",
    "default 1 for True": "class Options(llm.Options):\n  a: Literal[True] = 1",
    "default of one of several": "class Options(llm.Options):\n  a: Union[int, str] = 1",
    "annotated": "class Options(llm.Options):\n  a: Annotated[Optional[int], Field(ge=0)] = None",
    "annotation as text": "class Options(llm.Options):\n  a: 'Optional[int]' = None",
    "annotation from around": """
            class Model:
              class Kind: pass
              class Options(llm.Options):
                a: Optional[Kind] = None
        """,
    "no annotation": "class Options(llm.Options):\n  a = 1",
    "private": "class Options(llm.Options):\n  _a: int = 1",
    "configured": "class Options(llm.Options):\n  model_config = {'extra': 'allow'}",
    "configured inside": "class Options(llm.Options):\n  class Config:\n    extra = 'allow'",
    "twice": "class Options(llm.Options):\n  a: int = 1\n  a: int = 2",
    "pydantic's name": "class Options(llm.Options):\n  json: Optional[str] = None",
    "pydantic's hook": "class Options(llm.Options):\n  def model_post_init(self, context): self.a = 1",
    "own __init__": "class Options(llm.Options):\n  def __init__(self, **more): pass",
    "super": "class Options(llm.Options):\n  a: int = 1\n  def helper(self): return super().helper()",
    "decorated by another": "def d(f): return f\nclass Options(llm.Options):\n  @d\n  def helper(self): pass",
    "a condition inside": "class Options(llm.Options):\n  if True:\n    a: int = 1",
    "one option in another": """
            class Options(llm.Options):
              a: int = Field(default=1)
              b: int = Field(2, description=f'{a}')
        """,
    "a decorated class": "def d(c): return c\n@d\nclass Options(llm.Options):\n  a: int = 1",
    "settings": "class Options(llm.Options, extra='allow'):\n  a: int = 1",
    "two bases": "class Mixin: pass\nclass Options(Mixin, llm.Options):\n  a: int = 1",
    "Field elsewhere": "class Options(llm.Options):\n  a: int = 1\nF = Field",
    "Field in a call": "class Options(llm.Options):\n  a: int = 1\ndef f(): return Field(default=1)",
    "Field in another class": "class Options(llm.Options):\n  a: int = 1\nclass Other:\n  b: int = Field(default=1)",
    "Field bound anew": """
            class Options(llm.Options):
              a: int = Field(default=1)
            try:
              Field = None
            finally:
              pass
        """,
    "llm bound anew": "import other as llm\nclass Options(llm.Options):\n  a: int = 1",
    "Optional of its own": "class Optional: pass\nclass Options(llm.Options):\n  a: Optional[int] = None",
    "int of its own": "def int(x): pass\nclass Options(llm.Options):\n  a: int = 1",
    "everything imported": "from other import *\nclass Options(llm.Options):\n  a: int = 1",
    "more of pydantic": "from pydantic import BaseModel\nclass Options(llm.Options):\n  a: int = 1",
    "all of pydantic": "import pydantic\nclass Options(llm.Options):\n  a: int = 1",
    "another part": "from pydantic.json_schema import SkipJsonSchema\nclass Options(llm.Options):\n  a: int = 1",
    "pydantic late": "class Options(llm.Options):\n  a: int = 1\ndef f():\n  from pydantic import Field",
    "in a function": "def f():\n  class Options(llm.Options):\n    a: int = Field(default=1)",
    "in a condition": "if True:\n  class Options(llm.Options):\n    a: int = Field(default=1)",
    "twice under one name": """
            if True:
              class Options(llm.Options): a: int
            else:
              pass
            class Options(llm.Options): pass
        """,
    "no options at all": "x = 1",
    "of the model's own": "class Model(llm.Model):\n  class Options(llm.Model.Options):\n    a: int = Field(default=1)",
    "below what is hidden": """
            class Options(llm.Options): pass
            class M:
              class Options: pass
              class More(Options): a: int = Field(1)
        """,
}


@pytest.mark.parametrize("body", UNFIT.values(), ids=UNFIT.keys())
def test_of_all_else_pydantic_is_asked_at_once(body: str, tmp_path: Path) -> None:
    assert found_in(tmp_path, module(body)) == []


def test_one_module_that_is_not_plain_is_enough(tmp_path: Path) -> None:
    plain = module("class Options(llm.Options):\n  a: int = 1")
    assert found_in(tmp_path, plain, "import llm") == ["plugin_0:Options"]
    assert found_in(tmp_path, plain, "import pydantic") == []
    assert found_in(tmp_path, plain, "this is no Python") == []


def test_a_package_and_its_modules_have_their_names(tmp_path: Path) -> None:
    (tmp_path / "llm_x" / "deep").mkdir(parents=True)
    paths = [tmp_path / "llm_x" / "__init__.py", tmp_path / "llm_x" / "deep" / "models.py"]
    for path in paths:
        path.write_text("import llm\nclass Options(llm.Options): pass\n", "utf-8")

    assert deferrable_classes(str(tmp_path), map(str, paths)) == ["llm_x:Options", "llm_x.deep.models:Options"]


# What is found fit behaves as it would without waiting

NAMES = ["a", "b", "temperature", "max_tokens", "seed", "stop"]
DEFAULTS = [*8 * ["None"], "True", "False", "0", "1", "-1", "0.5", "-2.0", '""', '"a"', '"hello"', "1 + 1", "[]", "..."]
TYPES = [
    *(
        "bool",
        "int",
        "float",
        "str",
        "List[str]",
        "dict",
        "Any",
        "Literal['a', 'hello', 1, True, 0]",
        "Literal[None, 'a']",
    ),
    "Annotated[int, Field(ge=1)]",
]
ANNOTATIONS = [
    "{}",
    "Optional[{}]",
    "{} | None",
    "None | {}",
    "Union[{}, None]",
    "Union[{}, str, None]",
    "t.Optional[{}]",
]
WORDS = [
    *("ge=0", "le=2", "gt=-1", "max_length=5", "description='d'", "title='t'", "examples=['a']", "strict=True"),
    *("pattern='^[a-z]*$'", "json_schema_extra={'x': 1}", "validate_default=True", "exclude=True", "alias='z'"),
]
VALIDATORS = ["v", "v or 'a'", "int(v)", "None"]


def made_class(chosen: random.Random) -> str:
    """Return the source of a class of options, as it comes: most are close to what is plain, some beyond it."""
    lines = []
    for name in chosen.sample(NAMES, chosen.randint(1, 3)):
        annotation = chosen.choice(ANNOTATIONS).format(chosen.choice(TYPES))
        default = chosen.choice(DEFAULTS)
        words = chosen.sample(WORDS, chosen.choice([0, 0, 0, 1, 2]))
        given = chosen.choice(
            [default, f"Field({', '.join([default, *words])})", f"Field({', '.join([*words, f'default={default}'])})"]
        )
        lines.append(f"    {name}: {annotation} = {given}")
    if chosen.random() < 0.3:
        lines += [f"    @field_validator('*', mode='{chosen.choice(['before', 'after'])}')", "    @classmethod"]
        lines += ["    def validate_all(cls, v):", f"        return {chosen.choice(VALIDATORS)}"]
    return "\n".join(["class Options(llm.Options):", *lines])


@pytest.mark.parametrize("seed", range(2))
def test_what_can_wait_behaves_as_without_waiting(seed: int, tmp_path: Path) -> None:
    """Each class in a module of its own, and all in one process, since what is slow is to start it."""
    chosen = random.Random(seed)
    fit = []
    for number in range(250):
        path = tmp_path / f"options_{number}.py"
        path.write_text(module(made_class(chosen)), "utf-8")
        fit += deferrable_classes(str(tmp_path), [str(path)])

    waiting, at_once = observed(tmp_path, fit, fit), observed(tmp_path, [], fit)
    different = [name for name in fit if waiting[name] != at_once[name]]
    assert [(tmp_path / f"{name.partition(':')[0]}.py").read_text("utf-8") for name in different] == []
    assert sum(found is not None for found in at_once.values()) > 20
