"""`/runs.json` is `/runs`: every route of the API may end in `.json`, as where the first clients come from.

A path that ends in a name has a route of its own for that, since a gateway knows paths and not formats. One that ends in an id
takes any text there, and its view cuts one suffix off by `without_format`: an id which ends in `.json` itself is found under
`.json.json`. New runs get no such id.
"""

from chalice.app import Chalice

SUFFIX = ".json"


def add_json_suffix(app: Chalice) -> None:
    """Doubles the routes that the app has so far."""
    for path, methods in list(app.routes.items()):
        if path.endswith(("}", SUFFIX)):
            continue
        for method, entry in methods.items():
            app.route(path + SUFFIX, methods=[method], content_types=list(entry.content_types))(entry.view_function)


def without_format(name: str) -> str:
    return name.removesuffix(SUFFIX)
