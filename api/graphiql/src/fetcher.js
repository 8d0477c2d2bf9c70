import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { createClient } from "graphql-ws";

// The page answers where it is served, whatever prefix a proxy puts before it; the socket is at the same address.
const { host, pathname, protocol } = window.location;

export const fetcher = createGraphiQLFetcher({
  url: pathname,
  wsClient: createClient({ url: `${protocol === "https:" ? "wss:" : "ws:"}//${host}${pathname}` }),
  enableIncrementalDelivery: false,
});
