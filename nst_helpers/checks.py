"""Every notebook: exercises that answer ✅, or say in a sentence what is still wrong."""

import contextlib


@contextlib.contextmanager
def check(name):
    """Run the assertions in a ``with`` block and print the verdict: the first that fails says what is wrong."""
    try:
        yield
    except Exception as error:
        if isinstance(error, AssertionError) and str(error):
            print(f"❌ {name}: {error}")
        else:
            print(f"❌ {name}: your code stopped with {type(error).__name__}: {error}")
    else:
        print(f"✅ {name}")
