// What the package ships: the compiled client without its tests, and the repository's licence.
import { copyFileSync, cpSync, rmSync } from "node:fs";

const here = (path) => new URL(`../${path}`, import.meta.url);
rmSync(here("dist"), { recursive: true, force: true });
cpSync(here("build/src"), here("dist"), { recursive: true });
copyFileSync(here("../../LICENSE"), here("LICENSE"));
