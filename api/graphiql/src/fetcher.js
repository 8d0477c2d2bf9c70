import { createGraphiQLFetcher } from "@graphiql/toolkit";

// The page answers where it is served, whatever prefix a proxy puts before it; the socket is at the same address, and
// is shown the headers of the page's editor, which a browser cannot send with it.
const { host, pathname, protocol } = window.location;

export const fetcher = createGraphiQLFetcher({
  url: pathname,
  subscriptionUrl: `${protocol === "https:" ? "wss:" : "ws:"}//${host}${pathname}`,
  enableIncrementalDelivery: false,
});
