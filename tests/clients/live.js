// node live.js <client> <url> <runs as JSON>: subscribe, save the runs one by one over connections of their own, and
// print what was told of them, in which order, and how the client ended.
import { createClient as createEventClient } from 'graphql-sse'
import { createClient as createSocketClient } from 'graphql-ws'
import WebSocket from 'ws'

const [kind, url, given] = process.argv.slice(2)
const runs = JSON.parse(given)
const query = 'subscription ($filter: BacktestFilter) { backtestChanged(filter: $filter) { kind id backtest { symbol } } }'
const save = 'mutation ($input: SaveBacktestInput!) { saveBacktest(input: $input) { backtest { id } errors { message } } }'

const closed = []
const clients = {
  socket: () =>
    createSocketClient({
      url: url.replace('http', 'ws'),
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      on: { closed: (event) => closed.push(event.code) },
    }),
  events: () => createEventClient({ url, retryAttempts: 0 }),
}
const client = clients[kind]()

async function ask(body) {
  const headers = { 'content-type': 'application/json', connection: 'close' }
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
  return response.json()
}

async function answer(request) {
  for await (const each of client.iterate(request)) return each
}

const changes = client.iterate({ query, variables: { filter: { symbol: { eq: runs[0].symbol } } } })
const first = changes.next()
await new Promise((resolve) => setTimeout(resolve, 500))
const saved = []
for (const input of runs) saved.push((await ask({ query: save, variables: { input } })).data.saveBacktest.backtest.id)

const told = [(await first).value]
while (told.length < runs.length) told.push((await changes.next()).value)
await changes.return()
const counted = await answer({ query: '{ backtests(first: 0) { totalCount } }' })
const refused = await answer({ query: '{ nothing }' }).catch((errors) => ({ errors }))
await client.dispose()
await new Promise((resolve) => setTimeout(resolve, 100))
process.stdout.write(JSON.stringify({ saved, told, counted, refused: refused.errors.length, closed }))
