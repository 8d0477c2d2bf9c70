// Vite reads these calls without running them, so that their arguments must be spelled out.
const operations = import.meta.glob("../examples/*.graphql", { eager: true, import: "default", query: "?raw" });
const variables = import.meta.glob("../examples/*.json", { eager: true, import: "default", query: "?raw" });

// One tab per operation, in the order of their file names; 05_name.json holds the variables of 05_name.graphql.
export const exampleTabs = Object.keys(operations)
  .sort()
  .map((path) => ({
    query: operations[path],
    variables: variables[path.replace(/\.graphql$/, ".json")] ?? null,
  }));
