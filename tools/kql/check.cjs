// Parses and binds queries with @kusto/language-service-next. Standard input: {"tables": {table: {column: type}},
// "queries": {name: text}}. Standard output: [{name, start, severity, code, message}].
"use strict";
require("@kusto/language-service-next/bridge.min.js");
require("@kusto/language-service-next/Kusto.Language.Bridge.min.js");

const { GlobalState, KustoCode, Symbols } = globalThis.Kusto.Language;
const { tables, queries } = JSON.parse(require("fs").readFileSync(0, "utf8"));

function table(name, columns) {
  const schema = Object.entries(columns).map(([column, type]) => `${column}: ${type}`);
  return new Symbols.TableSymbol.$ctor7(name, `(${schema.join(", ")})`, null);
}

const symbols = Object.entries(tables).map(([name, columns]) => table(name, columns));
const globals = GlobalState.Default.WithDatabase(new Symbols.DatabaseSymbol.ctor("insights", symbols));
const found = [];
for (const [name, text] of Object.entries(queries)) {
  const diagnostics = KustoCode.ParseAndAnalyze(text, globals).GetDiagnostics();
  for (let i = 0; i < diagnostics.Count; i++) {
    const { Start, Severity, Code, Message } = diagnostics.getItem(i);
    found.push({ name, start: Start, severity: Severity, code: Code, message: Message });
  }
}
process.stdout.write(JSON.stringify(found));
