// A list of runs that grows by usePaginationFragment, and whose filter and order change by refetch.
import { graphql } from 'react-relay'

export const question = graphql`
  query LeaderboardQuery($filter: BacktestFilter) {
    ...Leaderboard_runs @arguments(filter: $filter)
  }
`

export const runs = graphql`
  fragment Leaderboard_runs on Query
  @argumentDefinitions(
    count: { type: "Int", defaultValue: 20 }
    cursor: { type: "String" }
    filter: { type: "BacktestFilter" }
    orderBy: { type: "[BacktestOrder!]", defaultValue: [{ field: SHARPE_RATIO }] }
  )
  @refetchable(queryName: "LeaderboardPageQuery") {
    backtests(first: $count, after: $cursor, filter: $filter, orderBy: $orderBy)
      @connection(key: "Leaderboard_backtests", filters: ["filter", "orderBy"]) {
      totalCount
      edges {
        node {
          id
          ...Leaderboard_run
        }
      }
    }
  }
`

export const run = graphql`
  fragment Leaderboard_run on Backtest {
    symbol
    strategy
    createdAt
    parameters
    metrics {
      sharpeRatio
      totalReturn
    }
  }
`
