// One run: what hangs on it is paged through node(id:), the trades in both directions.
import { graphql } from 'react-relay'

export const question = graphql`
  query RunPageQuery($id: ID!) {
    backtest(id: $id) {
      ...RunPage_run
      ...RunPage_trades
      ...RunPage_optimizations
      ...RunPage_windows
    }
  }
`

export const run = graphql`
  fragment RunPage_run on Backtest
  @argumentDefinitions(points: { type: "Int", defaultValue: 400 })
  @refetchable(queryName: "RunPageCurveQuery") {
    status @required(action: THROW)
    notes
    equityCurve(maxPoints: $points) {
      times
      values
    }
    walkForward {
      consistency
    }
  }
`

export const trades = graphql`
  fragment RunPage_trades on Backtest
  @argumentDefinitions(
    first: { type: "Int", defaultValue: 20 }
    after: { type: "String" }
    last: { type: "Int" }
    before: { type: "String" }
    filter: { type: "TradeFilter", defaultValue: { isOpen: false } }
  )
  @refetchable(queryName: "RunPageTradesQuery") {
    trades(first: $first, after: $after, last: $last, before: $before, filter: $filter)
      @connection(key: "RunPage_trades") {
      edges {
        node {
          number
          entryTime
          pnl
        }
      }
    }
  }
`

export const optimizations = graphql`
  fragment RunPage_optimizations on Backtest
  @argumentDefinitions(count: { type: "Int", defaultValue: 5 }, cursor: { type: "String" })
  @refetchable(queryName: "RunPageOptimizationsQuery") {
    optimizations(first: $count, after: $cursor) @connection(key: "RunPage_optimizations") {
      edges {
        node {
          ...RunPage_trials
        }
      }
    }
  }
`

export const trials = graphql`
  fragment RunPage_trials on Optimization
  @argumentDefinitions(count: { type: "Int", defaultValue: 10 }, cursor: { type: "String" })
  @refetchable(queryName: "RunPageTrialsQuery") {
    trials(first: $count, after: $cursor, orderBy: [{ field: RANK }]) @connection(key: "RunPage_trials") {
      edges {
        node {
          rank
          parameters
          objectiveValue
        }
      }
    }
  }
`

export const windows = graphql`
  fragment RunPage_windows on Backtest
  @argumentDefinitions(count: { type: "Int", defaultValue: 50 }, cursor: { type: "String" })
  @refetchable(queryName: "RunPageWindowsQuery") {
    walkForwardTests(first: $count, after: $cursor) @connection(key: "RunPage_walkForwardTests") {
      edges {
        node {
          testPeriodStart
          outOfSampleReturn
        }
      }
    }
  }
`
