import { createGraphiQLFetcher } from "@graphiql/toolkit";

// The page answers where it is served, whatever prefix a proxy puts before it.
export const fetcher = createGraphiQLFetcher({
  url: window.location.pathname,
  enableIncrementalDelivery: false,
});
