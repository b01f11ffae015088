"""Every notebook's exercises: ``check(my_gram)`` says ✅, or in one sentence what is still wrong.

One module per notebook holds what its exercises' answers must do, as functions marked ``@exercise`` that take the
answer and ``assert``. Each has the name that the reader gives the answer.
"""

import dis
import importlib
import inspect
import pkgutil
import random
import sys

import torch

HINTS = {  # in the message of an exception: what it most often means to a beginner
    "NoneType": "something is None there: a function without return, or a gradient that is not there yet",
    "must match the size of tensor": "two shapes do not fit; beside (3, h, w), three numbers need .view(3, 1, 1)",
    "that requires grad": "NumPy cannot carry a gradient: use torch functions, or call .detach() first if the exercise "
    "needs no gradient",
    "step must be greater than zero": "to reverse a tensor, use .flip(axis)",
    "leaf Variable that requires grad": "change what is trained under torch.no_grad() only",
}
HIDDEN = 0  # rounds of further inputs, of random sizes; a teacher who grades sets it
_EXERCISES = {}


def exercise(judge):
    """Mark a function of one answer as the judge of the exercise of its name."""
    _EXERCISES[judge.__name__] = judge
    return judge


def exercises():
    """Judges by the name of their exercise, from every module of this package."""
    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        importlib.import_module(module.name)
    return _EXERCISES


def check(answer, name=None):
    """Judge an answer and print the verdict: ✅, or the first thing that is wrong with it.

    ``answer``: what the exercise asked for. The exercise is ``name``, or the answer's own name, or what it is called
    where it is checked. Raises ``ValueError`` for an exercise that does not exist.
    """
    name = name or _name_of(answer, sys._getframe(1).f_globals)
    if name not in exercises():
        raise ValueError(f"there is no exercise {name!r:.40}; there are {', '.join(sorted(exercises()))}")
    mistake = judge(answer, name)
    print(f"❌ {name}: {mistake}" if mistake else f"✅ {name}")


def _name_of(answer, scope):
    own = getattr(answer, "__name__", None)
    called = [it for it in exercises() if it in scope and scope[it] is answer]  # several: Python shares 4 and ...
    return own if own in exercises() or len(called) != 1 else called[0]


def judge(answer, name):
    """What is wrong first with an answer to the exercise ``name``, in one sentence; ``None`` if nothing is."""
    try:
        stub = _is_stub(answer) if inspect.isfunction(answer) else answer is ...
        assert not stub, "this is still the empty stub: replace the ... with your answer"
        exercises()[name](answer)
    except SystemExit:
        return "your code ends the program: leave out exit and quit"
    except Exception as error:
        if isinstance(error, AssertionError) and str(error):
            return str(error)
        hint = next((f" ({hint})" for words, hint in HINTS.items() if words in str(error)), "")
        return f"your code stopped with {type(error).__name__}: {error}{hint}"
    return None


def _is_stub(function):
    """Whether a function has no body but ``...`` (and perhaps a docstring)."""
    code = function.__code__
    empty = code.co_code in [stub.__code__.co_code for stub in (_stub, _stub_with_docstring)]
    return empty and not code.co_names and code.co_consts[-1:] == (None,)  # not: return 3


def _stub(): ...


def _stub_with_docstring():
    """As exercises have it."""
    ...


def as_number(value):
    """A number, or a scalar of NumPy or torch → a float. Raises ``AssertionError``, which ``check`` prints."""
    try:
        if isinstance(value, (str, bool)):
            raise TypeError
        return float(value)
    except (TypeError, ValueError, RuntimeError):
        raise AssertionError(f"a number is asked for, not {value!r:.60}") from None


def as_numbers(value, count):
    """So many numbers as a tuple, from a tuple, list, array or tensor. Raises ``AssertionError`` as ``as_number``."""
    try:
        if isinstance(value, str):
            raise TypeError
        numbers = tuple(float(one) for one in value)
    except (TypeError, ValueError, RuntimeError):
        numbers = ()
    if len(numbers) != count:
        raise AssertionError(f"{count} numbers are asked for, in parentheses, not {value!r:.60}")
    return tuple(int(one) if one == int(one) else one for one in numbers)


def as_name(value):
    """A name as the package writes it: ``" Mosaic fish"`` → ``"mosaic_fish"``. ``AssertionError`` if not a string."""
    if not isinstance(value, str):
        raise AssertionError(f"a name is asked for, in quotes, not {value!r:.60}")
    return "_".join(value.strip(" .!").lower().replace("-", " ").split())


def as_choice(value, words):
    """One of ``words``, in any case. Raises ``AssertionError``, which ``check`` prints, for anything else."""
    found = [word for word in words if as_name(word) == as_name(value)]
    assert found, f"choose one of {', '.join(words)}, not {value!r:.40}"
    return found[0]


def unchanged(answer, *tensors, message="leave the input as it is: your function changed it in place"):
    """What ``answer(*tensors)`` gives, after checking that it left the tensors as they were."""
    before = [tensor.clone() for tensor in tensors]
    result = answer(*tensors)
    for old, new in zip(before, tensors):
        assert old.equal(new), message
    return result


def cases(*listed):
    """Inputs' sizes to try, as tuples of integers: those listed and, in grading, as many of their random multiples."""
    yield from listed
    for _ in range(HIDDEN):
        for sizes in listed:
            yield tuple(size * random.randint(1, 3) for size in sizes)


def as_floats(result):
    """A tensor in single precision, whatever its own. Raises ``AssertionError`` for what is no tensor."""
    assert result is not None, "your function returns nothing: end it with return"
    assert torch.is_tensor(result), f"a tensor is asked for, so that gradients can flow, not {type(result).__name__}"
    return result.float()


def same_slope(got, right, X):
    """Whether two tensors of one shape change alike where ``X`` does, by the gradients of a random weighted sum."""
    share = torch.randn_like(right)
    options = dict(retain_graph=True, materialize_grads=True)  # zero if nothing of X is in it
    mine, theirs = (torch.autograd.grad(one, X, share, **options)[0] for one in (got, right))
    return torch.allclose(mine, theirs, rtol=1e-3, atol=1e-6)


def names_in(answer, own=True):
    """Names that a function and the reader's functions below it refer to, and the names of what is behind them.

    ``own=False`` leaves out the names of the reader's functions, which the reader may choose freely.
    """
    answer = getattr(answer, "func", answer)  # of a partial
    scope, found, seen = getattr(answer, "__globals__", {}), set(getattr(answer, "names", ())), []
    if not inspect.isfunction(answer) or str(answer.__module__).startswith(("nst_helpers.", "torch.")):
        found.add(getattr(answer, "__name__", ""))  # my_gram = gram
    waiting = [getattr(answer, "__code__", None)]
    while waiting:
        code = waiting.pop()
        if code is None or code in seen:
            continue
        seen.append(code)
        waiting += filter(inspect.iscode, code.co_consts)
        for step in dis.get_instructions(code):
            if step.opcode in dis.hasname:
                name = step.argval
                value = scope.get(name) if step.opname in ("LOAD_GLOBAL", "LOAD_NAME") else None  # not F.name
                readers = inspect.isfunction(value) and value.__globals__ is scope
                if readers:
                    waiting.append(value.__code__)
                if own or not readers:
                    found |= {name, getattr(value, "__name__", name)}
    return found
