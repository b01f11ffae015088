"""Answers to the notebooks' exercises, as people write them: right ones in another dress, and classic mistakes.

Each module has ``RIGHT``: by exercise, a list of answers; and ``WRONG``: by exercise, answers with words that the check
must say. The plain solutions are in ``notebooks/solutions``.
"""

import importlib
import pkgutil

RIGHT, WRONG = {}, {}
for _module in pkgutil.iter_modules(__path__, f"{__name__}."):
    _answers = importlib.import_module(_module.name)
    RIGHT |= _answers.RIGHT
    WRONG |= _answers.WRONG
