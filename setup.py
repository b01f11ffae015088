"""The sample pictures lie in images/, and travel inside the package. Everything else is in pyproject.toml."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["nst_helpers*"]), "nst_helpers.pictures"],
    package_dir={"nst_helpers.pictures": "images"},
)
