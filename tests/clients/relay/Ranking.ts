// The ranks of runs by a metric, a page after another.
import { graphql } from 'react-relay'

export const question = graphql`
  query RankingQuery($by: Metric!) {
    ...Ranking_places @arguments(by: $by)
  }
`

export const places = graphql`
  fragment Ranking_places on Query
  @argumentDefinitions(
    count: { type: "Int", defaultValue: 20 }
    cursor: { type: "String" }
    by: { type: "Metric", defaultValue: SHARPE_RATIO }
    minTrades: { type: "Int", defaultValue: 1 }
  )
  @refetchable(queryName: "RankingPageQuery") {
    ranking(by: $by, minTrades: $minTrades, first: $count, after: $cursor)
      @connection(key: "Ranking_ranking", filters: ["by", "minTrades"]) {
      edges {
        rank
        value
        node {
          id
          ...Leaderboard_run
        }
      }
    }
  }
`
