"""Which cells of a notebook some of its cells need: neither a browser test nor a grader runs all."""

import ast
import builtins
import functools
import re
import symtable

from IPython.core.inputtransformer2 import TransformerManager


def needed(cells, wanted):
    """Numbers of the code cells to run, in order, so that those in ``wanted`` find all names that they use.

    ``cells``: a notebook's cells. From the last one backwards: a cell is needed if it makes or changes something that
    a needed cell below it uses. The first code cell, imports and seed, always is.
    """
    code = {number: cell.source for number, cell in enumerate(cells) if cell.cell_type == "code"}
    chosen, names = {min(code), *wanted}, set()
    fixed = set(dir(builtins)).union(*map(fixed_names, code.values()))
    for number in sorted(code, reverse=True):
        made, changed, used = traffic(code[number])
        if number in chosen or names & (made | changed - fixed) or "*" in made:
            chosen.add(number)
            names = (names - made) | used
    return sorted(chosen)


def parse(source):
    """A cell's syntax tree. Of IPython's own commands, ``%%time`` and the like are left out, others become calls."""
    try:
        return ast.parse(source)
    except SyntaxError:
        return ast.parse(TransformerManager().transform_cell(re.sub(r"^%%.*", "", source, flags=re.M)))


def imports(tree):
    return {(it.asname or it.name).split(".")[0] for it in ast.walk(tree) if isinstance(it, ast.alias)}


@functools.lru_cache(4096)  # a class's hand-ins repeat what was handed out
def fixed_names(source):
    """Names of what a call leaves as it is: modules, functions, classes."""
    tree = parse(source)
    return frozenset(imports(tree) | definitions(tree))


DEFINITIONS = ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef


def definitions(tree):
    """Names of functions and classes, but for those within others, such as methods."""
    if isinstance(tree, DEFINITIONS):
        return {tree.name}
    return set().union(*map(definitions, ast.iter_child_nodes(tree)))


@functools.lru_cache(4096)
def traffic(source):
    """The names that a cell makes, those it changes in place, and those it takes from cells above."""
    made, changed, used = set(), set(), set()
    for statement in unrolled(parse(source).body):
        nodes = list(ast.walk(statement))
        names = [node for node in nodes if isinstance(node, ast.Name)]
        makes = {node.id for node in names if not isinstance(node.ctx, ast.Load)}
        makes |= imports(statement) | definitions(statement)
        uses = names_used(statement)
        for node in nodes:
            if isinstance(node, (ast.Attribute, ast.Subscript)) and isinstance(node.ctx, ast.Store):
                changed.add(root(node))
        if isinstance(statement, DEFINITIONS):
            makes = {statement.name}
            uses = uses - makes
        elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):  # composite.initialize(...)
            changed.add(root(statement.value.func))
        used |= (uses | makes if isinstance(statement, ast.AugAssign) else uses) - made
        made |= makes
    return frozenset(made), frozenset(changed - {None}), frozenset(used)


def names_used(tree):
    """The global names that code refers to, in its functions too."""
    apart = Apart().visit(parse(ast.unparse(tree)))
    return taken(symtable.symtable(ast.unparse(apart), "cell", "exec"))


def unrolled(statements):
    """Loops as what they do once: what a loop makes before it uses it does not come from above."""
    for it in statements:
        if isinstance(it, ast.For):
            yield ast.Assign([it.target], it.iter, lineno=it.lineno)
            yield from unrolled([*it.body, *it.orelse])
        else:
            yield it


class Apart(ast.NodeTransformer):
    """Comprehensions as generators: from Python 3.12 on, only these keep their variables apart in a symtable."""

    def visit_ListComp(self, node):
        return ast.GeneratorExp(self.generic_visit(node).elt, node.generators)

    visit_SetComp = visit_ListComp

    def visit_DictComp(self, node):
        self.generic_visit(node)
        return ast.GeneratorExp(ast.Tuple([node.key, node.value], ast.Load()), node.generators)


def taken(table):
    """As ``names_used``, of a symbol table. The body of a class may use a global before its own of that name."""
    top = table.get_type() in ("module", "class")
    found = {it.get_name() for it in table.get_symbols() if it.is_referenced() and (top or it.is_global())}
    return found.union(*map(taken, table.get_children()))


def root(node):
    """The name that an expression such as ``net[0].weight.data`` begins with, if it begins with one."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else None
