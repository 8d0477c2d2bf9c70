"""The operations that the service is asked."""

from resolvers.checks.report import camel
from resolvers.store.metrics import METRICS

_METRIC_FIELDS = " ".join(camel(metric.name) for metric in METRICS)
ONE_RUN = f"""query($id: ID!) {{
  backtest(id: $id) {{
    id symbol strategy status startDate endDate initialCapital fees
    metrics {{ {_METRIC_FIELDS} }}
  }}
}}"""
RANKING = """query($filter: BacktestFilter) {
  ranking(by: SHARPE_RATIO, filter: $filter, first: 50) {
    edges {
      rank value
      node { id symbol strategy startDate endDate metrics { sharpeRatio totalReturn maxDrawdown winRate totalTrades } }
    }
  }
}"""
TRADES = """query($id: ID!) {
  backtest(id: $id) {
    trades(first: 2000) {
      nodes {
        number direction entryTime entryPrice exitTime exitPrice size pnl pnlPercent durationDays exitReason feesPaid
      }
    }
  }
}"""
NEWEST = """{
  backtests(first: 50) {
    nodes {
      id symbol
      trades(first: 20) { nodes { number direction entryTime entryPrice exitTime exitPrice pnl pnlPercent } }
    }
  }
}"""
CURVE = "query($id: ID!) { backtest(id: $id) { equityCurve { times values } } }"
COMPARE = """query($ids: [ID!]!) {
  compareBacktests(ids: $ids) {
    metrics {
      metric higherIsBetter best { value } mean median standardDeviation
      values { value rank backtest { id } }
    }
  }
}"""
SUMMARY = """{
  performanceSummary(days: 30) {
    totalBacktests averageReturn bestReturn worstReturn averageSharpe averageWinRate
    byStrategy { key count averageReturn averageSharpe averageWinRate }
    bySymbol { key count averageReturn averageSharpe averageWinRate }
  }
}"""
SAVE = """mutation($input: SaveBacktestInput!) {
  saveBacktest(input: $input) { created backtest { id } warnings { message } errors { path message } }
}"""
SAVE_MANY = """mutation($inputs: [SaveBacktestInput!]!) {
  saveBacktests(inputs: $inputs) { createdCount backtests { id } warnings { message } errors { path message } }
}"""
