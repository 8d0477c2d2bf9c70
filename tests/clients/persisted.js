// Ask by the hashes of documents, as Apollo Client and urql do, and tell every request: its method, hash, and status.
import { createHash } from 'node:crypto'
import { ApolloClient, HttpLink, InMemoryCache, gql } from '@apollo/client'
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries'
import { Client, fetchExchange } from '@urql/core'
import { persistedExchange } from '@urql/exchange-persisted'

const [, , url, name, text, useGet] = process.argv
const sha256 = (text) => createHash('sha256').update(text).digest('hex')
const requests = []

async function watchedFetch(address, options) {
  const response = await fetch(address, options)
  const parameters =
    options.method === 'GET' ? Object.fromEntries(new URL(address).searchParams) : JSON.parse(options.body)
  requests.push({ method: options.method, sent: 'query' in parameters, status: response.status })
  return response
}

const asks = {
  async apollo() {
    const link = new PersistedQueryLink({ sha256, useGETForHashedQueries: useGet === 'get' }).concat(
      new HttpLink({ uri: url, fetch: watchedFetch }),
    )
    const client = new ApolloClient({ link, cache: new InMemoryCache() })
    return (await client.query({ query: gql(text), fetchPolicy: 'network-only' })).data
  },
  async urql() {
    const exchanges = [
      persistedExchange({ preferGetForPersistedQueries: useGet === 'get', generateHash: async (text) => sha256(text) }),
      fetchExchange,
    ]
    const client = new Client({ url, exchanges, fetch: watchedFetch, preferGetMethod: false })
    const { data, error } = await client.query(text, {}, { requestPolicy: 'network-only' }).toPromise()
    if (error) throw error
    return data
  },
}

const answers = [await asks[name](), await asks[name]()]
console.log(JSON.stringify({ answers, requests }))
