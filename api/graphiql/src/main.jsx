import "graphiql/setup-workers/vite";
import "graphiql/style.css";
import "./page.css";

import { createLocalStorage } from "@graphiql/toolkit";
import { GraphiQL } from "graphiql";
import { createRoot } from "react-dom/client";

import { exampleTabs } from "./examples.js";
import { fetcher } from "./fetcher.js";

// A name of its own, since another GraphiQL on this host and port may have left tabs in the browser.
const storage = createLocalStorage({ namespace: "backtest-graph" });

createRoot(document.getElementById("graphiql")).render(
  <GraphiQL defaultTabs={exampleTabs} fetcher={fetcher} inputValueDeprecation schemaDescription storage={storage}>
    <GraphiQL.Logo>backtest-graph</GraphiQL.Logo>
  </GraphiQL>,
);
