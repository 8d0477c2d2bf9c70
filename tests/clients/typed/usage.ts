// What a frontend's author may write and may not: tsc fails where a line below an expected error has none.
import type { BacktestFilter, PageQueryVariables, SaveBacktestInput, SaveMutation, WholeQuery } from './operations.js'
import type * as schema from './schema.js'

export const run: SaveBacktestInput = {
  symbol: 'AAPL',
  strategy: 'sma_cross',
  status: 'COMPLETED',
  parameters: { fast: 10, slow: 30 },
  equityCurve: { times: ['2024-01-01', '2024-01-02'], values: [100, null] },
  trades: [{ direction: 'SHORT', entryTime: '2024-01-01T09:30:00Z', entryPrice: 10, exitTime: null }],
}
// @ts-expect-error: a strategy is needed
export const unnamed: SaveBacktestInput = { symbol: 'AAPL' }
// @ts-expect-error: a number is not a text
export const priced: SaveBacktestInput = { symbol: 'AAPL', strategy: 'sma_cross', initialCapital: '10000' }
// @ts-expect-error: there is no such status
export const paused: SaveBacktestInput = { symbol: 'AAPL', strategy: 'sma_cross', status: 'PAUSED' }
// @ts-expect-error: values are numbers
export const worded: SaveBacktestInput = { symbol: 'AAPL', strategy: 'sma_cross', equityCurve: { values: ['1'] } }

export const filter: BacktestFilter = {
  or: [{ symbol: { in: ['AAPL', 'MSFT'] } }, { not: { metrics: { sharpeRatio: { lt: 1 } } } }],
  parameters: [{ name: 'risk.stop', number: { gte: 0.1 } }],
}
// @ts-expect-error: there is no such field to filter by
export const misspelt: BacktestFilter = { symbl: { eq: 'AAPL' } }
// @ts-expect-error: an operator of numbers, on a text
export const compared: BacktestFilter = { symbol: { gte: 'AAPL' } }

export const page: PageQueryVariables = { first: 20, orderBy: [{ field: 'SHARPE_RATIO' }] }
// @ts-expect-error: a length is needed
export const endless: PageQueryVariables = { orderBy: [{ field: 'SHARPE_RATIO', direction: 'ASC' }] }
// @ts-expect-error: there is no such order
export const unordered: PageQueryVariables = { first: 20, orderBy: [{ field: 'LUCK' }] }

export function describe(answer: WholeQuery): string {
  if (answer.node?.__typename !== 'Backtest') return 'not a run'
  const points: (number | null)[] = answer.node.equityCurve?.values ?? []
  // @ts-expect-error: a ratio can be null
  const ratio: number = answer.node.metrics.sharpeRatio
  // @ts-expect-error: the engine was not asked for
  return `${answer.node.symbol} ${points.length} ${ratio} ${answer.node.engine}`
}

export function identify({ saveBacktest }: SaveMutation): string {
  for (const { code } of saveBacktest.errors) if (code === 'CONFLICT') return 'taken'
  // @ts-expect-error: nothing may have been saved
  return saveBacktest.backtest.id
}

export const names: (keyof schema.Metrics)[] = ['totalReturn', 'maxDrawdown', 'alpha']
// @ts-expect-error: there is no such metric
export const unmeasured: keyof schema.Metrics = 'luck'
