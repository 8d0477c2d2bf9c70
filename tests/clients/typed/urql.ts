import { type AnyVariables, type DocumentInput, Client, cacheExchange, fetchExchange } from '@urql/core'
import {
  type DealFragment,
  type Metric,
  type PageQuery,
  type SaveBacktestInput,
  type TradesQuery,
  BestDocument,
  CompareDocument,
  DeleteDocument,
  PageDocument,
  SaveDocument,
  SummaryDocument,
  TradesDocument,
  WholeDocument,
} from './operations.js'
import { tell } from './telling.js'

type Answer<Data> = { data?: Data | undefined; error?: Error | undefined }

function dataOf<Data>({ data, error }: Answer<Data>): Data {
  if (error || data === undefined) throw error ?? new Error('neither data nor an error')
  return data
}

async function ask<Data, Given extends AnyVariables>(client: Client, document: DocumentInput<Data, Given>, given: Given) {
  return dataOf(await client.query(document, given, { requestPolicy: 'network-only' }).toPromise())
}

async function change<Data, Given extends AnyVariables>(client: Client, document: DocumentInput<Data, Given>, given: Given) {
  return dataOf(await client.mutation(document, given).toPromise())
}

/** All runs in the order of the service, `first` at a time. */
async function page(client: Client, { first }: { first: number }) {
  const pages: { id: string; sharpeRatio: number | null; deals: DealFragment[] }[][] = []
  let after: string | null = null
  let totalCount: number
  do {
    const { backtests }: PageQuery = await ask(client, PageDocument, { first, after })
    pages.push(
      backtests.edges.map(({ node: { id, metrics, trades } }) => ({
        id,
        sharpeRatio: metrics.sharpeRatio,
        deals: trades.nodes,
      })),
    )
    totalCount = backtests.totalCount
    after = backtests.pageInfo.hasNextPage ? backtests.pageInfo.endCursor : null
  } while (after !== null)
  return { pages, totalCount }
}

/** All trades of one run, `first` at a time. */
async function trades(client: Client, { id, first }: { id: string; first: number }) {
  const pages: DealFragment[][] = []
  let after: string | null = null
  do {
    const { backtest }: TradesQuery = await ask(client, TradesDocument, { id, first, after })
    if (backtest === null) throw new Error('the run is gone')
    pages.push(backtest.trades.nodes)
    after = backtest.trades.pageInfo.hasNextPage ? backtest.trades.pageInfo.endCursor : null
  } while (after !== null)
  return { pages }
}

/** Save a run, read it, delete it, and look for it again. */
async function saveAndDelete(client: Client, { input }: { input: SaveBacktestInput }) {
  const { saveBacktest: saved } = await change(client, SaveDocument, { input })
  if (saved.backtest === null) return { saved }
  const id = saved.backtest.id
  const { node: stored } = await ask(client, WholeDocument, { id })
  const { deleteBacktest: deleted } = await change(client, DeleteDocument, { input: { id } })
  const { node: afterwards } = await ask(client, WholeDocument, { id })
  return { saved, stored, deleted, afterwards }
}

/** The best runs by a metric, and how they compare by it. */
async function compare(client: Client, { by, first }: { by: Metric; first: number }) {
  const { ranking } = await ask(client, BestDocument, { by, first })
  const ids = ranking.edges.map(({ node }) => node.id)
  const { compareBacktests: comparison } = await ask(client, CompareDocument, { ids, metrics: [by] })
  return { ranking, comparison }
}

/** The figures of a start page, by strategy. */
async function summarize(client: Client, { by }: { by: Metric }) {
  return ask(client, SummaryDocument, { groupBy: ['STRATEGY'], by, days: 30 })
}

/** What is said of operations that cannot be. */
async function refuse(client: Client, { operations }: { operations: string[] }) {
  const answers = operations.map((text) =>
    (text.startsWith('mutation') ? client.mutation(text, {}) : client.query(text, {})).toPromise(),
  )
  return (await Promise.all(answers)).map(({ data, error }) => ({
    data: data ?? null,
    errors: error?.graphQLErrors.map(({ message }) => message),
    networkError: error?.networkError?.message ?? null,
  }))
}

await tell((url) => new Client({ url, exchanges: [cacheExchange, fetchExchange] }), {
  page,
  trades,
  saveAndDelete,
  compare,
  summarize,
  refuse,
})
