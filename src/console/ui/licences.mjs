// Prints the licence of every package that may be in a bundle: of all that is installed but for what only builds.

import { readdirSync, readFileSync } from "node:fs";

const TOOLS = /^(@?esbuild|@?typescript|@types)(\/|$)/;

for (const path of Object.keys(JSON.parse(readFileSync("package-lock.json", "utf8")).packages)) {
  const name = path.replace(/^node_modules\//, "");
  if (name === "" || TOOLS.test(name)) continue;
  const { license, author, repository } = JSON.parse(readFileSync(`${path}/package.json`, "utf8"));
  const file = readdirSync(path).find((file) => /^licen[cs]e/i.test(file));
  const text = file ? readFileSync(`${path}/${file}`, "utf8").trim() : `${license}. ${author?.name ?? author ?? ""} ${repository?.url ?? repository ?? ""}`;
  console.log(`${name}\n\n${text}\n\n`);
}
