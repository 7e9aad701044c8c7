"""Other people's generators and linters take the description as it is, and what they make compiles.

They are installed by npm into the folder that CLIENTS names (`.ci/run`); without it this file is skipped, but not in
CI.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest

from scorecard.api import schema

FOLDER = os.environ.get("CLIENTS", "")
BIN = Path(FOLDER) / "node_modules" / ".bin"

pytestmark = [pytest.mark.slow]

# Our addresses end in a slash, for ever; the linters' taste is another. This is the one rule that is off.
REDOCLY = "extends: [recommended]\nrules: {no-path-trailing-slash: off}\n"
SPECTRAL = 'extends: ["spectral:oas"]\nrules: {path-keys-no-trailing-slash: off}\n'
ORVAL = (
    'module.exports = { s: { input: "api.json", output: { target: "made/orval/api.ts", client: "fetch" } } };'
)
HEY = """
export default {
  input: "api.json",
  output: { path: "made/hey", module: { extension: ".js" } },
  plugins: ["@hey-api/client-fetch", "@hey-api/typescript", "@hey-api/sdk"],
};
"""
COMPILER = {
    "compilerOptions": {
        "strict": True,
        "noEmit": True,
        "skipLibCheck": True,
        "types": [],
        "target": "ES2022",
        "module": "NodeNext",
        "moduleResolution": "NodeNext",
        "lib": ["ES2022", "DOM", "DOM.Iterable"],
    },
    "include": ["made/**/*.ts", "program.ts"],
}
PROGRAM = """
import createClient from "openapi-fetch";
import type { paths } from "./made/types.js";
import { events } from "./made/hey/index.js";
import { events as orvalEvents } from "./made/orval/api.js";

const client = createClient<paths>({ baseUrl: process.argv[2] });
export async function main(): Promise<(string | undefined)[]> {
  const query = { actor: ["us" as const, "china" as const], direction: ["1" as const], limit: 3 };
  const { data } = await client.GET("/api/v1/events/", { params: { query } });
  const hey = await events({ baseUrl: process.argv[2], query });
  const orval = await orvalEvents(query);
  return [data?.results[0]?.id, hey.data?.results[0]?.id, orval.status === 200 ? orval.data.results[0]?.id : ""];
}
declare const process: { argv: string[] };
"""


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    """A folder with the description, beside what npm installed."""
    if not BIN.is_dir():
        assert not os.environ.get("CI"), "CLIENTS names no folder with the generators"
        pytest.skip("CLIENTS names no folder with the generators")
    place = tmp_path_factory.mktemp("clients")
    (place / "node_modules").symlink_to(Path(FOLDER).resolve() / "node_modules")
    document = schema.document()
    document["servers"] = [
        {"url": "https://scorecard.org"}
    ]  # what the linters say of a test's own host is right
    document["info"]["contact"]["url"] = "https://scorecard.org/about/"
    (place / "api.json").write_text(json.dumps(document))
    (place / "package.json").write_text('{"type": "module"}')
    (place / "redocly.yaml").write_text(REDOCLY)
    (place / ".spectral.yaml").write_text(SPECTRAL)
    (place / "orval.config.cjs").write_text(ORVAL)
    (place / "openapi-ts.config.mjs").write_text(HEY)
    (place / "tsconfig.json").write_text(json.dumps(COMPILER))
    (place / "program.ts").write_text(PROGRAM)
    return place


def ran(room, *command):
    environment = os.environ | {"NO_UPDATE_NOTIFIER": "1", "REDOCLY_TELEMETRY": "off", "CI": "1"}
    done = subprocess.run(
        [str(BIN / command[0]), *command[1:]], cwd=room, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    return done.stdout


def test_redocly_and_spectral_have_no_word_to_say(room):
    found = json.loads(
        ran(room, "redocly", "lint", "api.json", "--config", "redocly.yaml", "--format", "json")
    )
    assert found["problems"] == []
    assert "No results" in ran(room, "spectral", "lint", "api.json", "-r", ".spectral.yaml", "-F", "hint")


def test_the_generators_of_typescript_make_clients_that_compile(room):
    ran(room, "openapi-typescript", "api.json", "-o", "made/types.d.ts")
    ran(room, "openapi-ts", "--no-log-file")
    ran(room, "orval", "--config", "orval.config.cjs")
    ran(room, "tsc", "-p", "tsconfig.json")
    for path in (room / "made").rglob("*.ts"):
        assert "VALUE_0" not in path.read_text(), path
