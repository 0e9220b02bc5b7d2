// Writes src/schema.ts from the engine's OpenAPI document; with --check, says whether it is as it would be written.
// The document comes from the repository's own code, without a server, or from the file that OPENAPI names.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import openapiTS, { astToString } from "openapi-typescript";

const repository = fileURLToPath(new URL("../../../", import.meta.url));
const target = new URL("../src/schema.ts", import.meta.url);
const python = process.env.PYTHON ?? `${repository}.venv/bin/python`;
// The settings want a database and a key to be named; a description takes neither.
const environment = { ...process.env, DATABASE_URL: "postgresql:///none", SECRET_KEY: "none" };
const command = ["manage.py", "spectacular", "--format", "openapi-json"];
const document = process.env.OPENAPI
  ? readFileSync(process.env.OPENAPI, "utf-8")
  : execFileSync(python, command, { cwd: repository, env: environment, maxBuffer: 2 ** 26, encoding: "utf-8" });

const types = await openapiTS(JSON.parse(document), { alphabetize: true, defaultNonNullable: false });
const text = `// Generated from the engine's OpenAPI document by \`npm run generate\`: changes are lost.\n\n${astToString(types)}`;
if (!process.argv.includes("--check")) {
  writeFileSync(target, text);
} else if (!existsSync(target) || readFileSync(target, "utf-8") !== text) {
  console.error("src/schema.ts is not what the engine's OpenAPI document says: run `npm run generate`.");
  process.exit(1);
}
