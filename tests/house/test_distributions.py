"""Every distribution that the package imports is declared, in the base or in the extra that needs it."""

from __future__ import annotations

import re
import sys
import tomllib

from support.package_source import HOME, forbid, imports, modules

# What is imported under another name than that of its distribution.
DISTRIBUTIONS = {"yaml": "pyyaml", "jwt": "pyjwt", "opentelemetry": "opentelemetry-api", "airflow": "apache-airflow"}
LOADED_BY_NAME = {"httpx", "httpx2", "httpcore", "httpcore2"}  # by runtime/http/httpx, without their command lines
# What a module outside the base may import, by the start of its name.
EXTRAS = {
    "connector.cli.commands.webhook.": "server",
    "connector.cli.commands.records.parquet": "parquet",
    "connector.console.": "console",
    "connector.integrations.airflow.": "airflow",
    "connector.integrations.celery": "celery",
    "connector.integrations.dagster": "dagster",
    "connector.integrations.dbos": "dbos",
    "connector.integrations.mcp.": "mcp",
    "connector.integrations.opentelemetry": "otel",
    "connector.runtime.bulk.sheet_reader": "excel",
    "connector.integrations.prefect": "prefect",
    "connector.integrations.temporal": "temporal",
    "connector.core.response.fast_json": "fast",
    "connector.core.webhook.keys": "crypto",
    "connector.runtime.bulk.shared_": "sql",
    "connector.runtime.database.": "sql",
    "connector.runtime.rate_budget.sql_": "sql",
    "connector.runtime.records.": "sql",
    "connector.runtime.run_log.tables": "sql",
    "connector.runtime.storage.sql_": "sql",
    "connector.runtime.auth.keys.client_certificate": "crypto",
    "connector.runtime.auth.keys.secret_forms": "crypto",
    "connector.runtime.storage.encryption": "crypto",
    "connector.sandbox.oauth.jwts": "crypto",
    "connector.runtime.webhooks.": "server",
    "connector.sandbox.events.keys": "crypto",
    "connector.testing.plugin": "dev",  # pytest itself loads it
    "connector.runtime.http.httpx.": "httpx2",
    "connector.runtime.http.pyreqwest.": "fast",
}
ENGINES = {
    "airflow",
    "celery",
    "dagster",
    "dbos",
    "prefect",
    "temporal",
}  # an environment each: some of their kind cannot share one
PROJECT = tomllib.loads((HOME.parent / "pyproject.toml").read_text("utf-8"))["project"]


def declared(requirements: list[str]) -> set[str]:
    """Return the names of distributions, with those of the project's own extras in place of their names."""
    names = set()
    for requirement in requirements:
        own = re.fullmatch(r"connector\[(.*)\]", requirement)
        if own:
            for extra in own[1].split(","):
                names |= declared(PROJECT["optional-dependencies"][extra])
        else:
            names.add(_normal(re.split(r"[^A-Za-z0-9._-]", requirement)[0]))
    return names


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


TYPES_ALONE = "typing_extensions"  # every type checker brings what it declares


def imported() -> dict[str, set[str]]:
    """Return the distributions that each module imports, for its types too."""
    found: dict[str, set[str]] = {}
    for name, tree in modules().items():
        tops = {imported.split(".")[0] for imported in imports(tree, typing_too=True)} - {"connector", TYPES_ALONE}
        found[name] = {_normal(DISTRIBUTIONS.get(top, top)) for top in tops - sys.stdlib_module_names}
    return found


def test_every_imported_distribution_is_declared_where_it_is_needed():
    base = declared(PROJECT["dependencies"])
    wrong = []
    for name, distributions in imported().items():
        extra = next((extra for start, extra in EXTRAS.items() if name.startswith(start)), None)
        known = base | (declared(PROJECT["optional-dependencies"][extra]) if extra else set())
        wrong += [f"{name} imports {distribution}" for distribution in sorted(distributions - known)]
    forbid("Imported distributions are declared in pyproject.toml", wrong)


def test_every_distribution_of_the_base_is_imported():
    used = LOADED_BY_NAME.union(*imported().values())
    forbid("Distributions of the base are imported", sorted(declared(PROJECT["dependencies"]) - used))


def test_all_means_every_extra_but_the_engines():
    extras = set(PROJECT["optional-dependencies"]) - {"all", "dev", "bench", "examples", "site"} - ENGINES
    (all_of_them,) = PROJECT["optional-dependencies"]["all"]
    assert set(re.fullmatch(r"connector\[(.*)\]", all_of_them)[1].split(",")) == extras
