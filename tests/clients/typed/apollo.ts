import { ApolloClient, CombinedGraphQLErrors, HttpLink, InMemoryCache, gql } from '@apollo/client'
import { relayStylePagination } from '@apollo/client/utilities'
import { DeleteDocument, PageDocument, SaveDocument, TagDocument, WholeDocument } from './operations.js'
import { tell } from './telling.js'

function open(uri: string): ApolloClient {
  const backtests = relayStylePagination(['filter', 'orderBy'])
  const cache = new InMemoryCache({ typePolicies: { Query: { fields: { backtests } } } })
  return new ApolloClient({ link: new HttpLink({ uri }), cache })
}

/** The list that the cache joins from pages of `first`. */
async function page(client: ApolloClient, { first }: { first: number }) {
  const question = { query: PageDocument, variables: { first } }
  await client.query(question)
  const watched = client.watchQuery(question)
  for (let requests = 1; ; requests += 1) {
    const list = client.readQuery(question)?.backtests
    if (!list?.pageInfo.hasNextPage) {
      return { ids: list?.edges.map(({ node }) => node.id), totalCount: list?.totalCount, requests }
    }
    await watched.fetchMore({ variables: { after: list.pageInfo.endCursor } })
  }
}

/** The tags that the cache has of a new run before and after a mutation, each without asking for the run again. */
async function tag(client: ApolloClient, { symbol, tags }: { symbol: string; tags: string[] }) {
  const input = { symbol, strategy: 'tagged', startDate: '2024-01-01', endDate: '2024-01-02' }
  const { data: saving } = await client.mutate({ mutation: SaveDocument, variables: { input } })
  const id = saving?.saveBacktest.backtest?.id ?? ''
  const { data: before } = await client.query({ query: WholeDocument, variables: { id } })
  await client.mutate({ mutation: TagDocument, variables: { input: { id, tags } } })
  const after = client.readQuery({ query: WholeDocument, variables: { id } })
  await client.mutate({ mutation: DeleteDocument, variables: { input: { id } } })
  return { before: before?.node, after: after?.node }
}

/** The answer to a question that cannot be asked. */
async function refuse(client: ApolloClient, { text }: { text: string }) {
  const { data, error } = await client.query({ query: gql(text), errorPolicy: 'all' })
  const errors = CombinedGraphQLErrors.is(error) ? error.errors.map(({ message }) => message) : null
  return { data: data ?? null, errors, error: error?.name ?? null }
}

await tell(open, { page, tag, refuse })
