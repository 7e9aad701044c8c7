"""No test sets a setting that the product never sets: it would hide that the product lacks it."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PRODUCT = ("tracker/settings.py", "tracker/settings.py", "tracker/environment.py")


def set_by_tests(path):
    """Names after `settings.` that are assigned or deleted, and keywords of `override_settings`."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        targets = getattr(node, "targets", [getattr(node, "target", None)])
        for target in targets:
            while isinstance(target, ast.Subscript):
                target = target.value
            if isinstance(target, ast.Attribute) and getattr(target.value, "id", "") == "settings":
                yield target.attr
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("override_settings"):
            yield from (keyword.arg for keyword in node.keywords if keyword.arg)


def test_tests_set_only_what_the_product_sets():
    product = {
        name.id
        for path in PRODUCT
        if (ROOT / path).exists()
        for name in ast.walk(ast.parse((ROOT / path).read_text("utf-8")))
        if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)
    }
    # Written by `environment.mail` from EMAIL_URL.
    product |= {"EMAIL_BACKEND"}
    assert {"ADMINS", "SITE_URL", "CACHES"} <= product
    wrong = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in sorted((ROOT / "tests").rglob("*.py"))
        for name in set_by_tests(path)
        if name.isupper() and name not in product
    ]
    assert not wrong
