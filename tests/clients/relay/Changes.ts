// Mutations that keep the lists of the store right by themselves.
import { graphql } from 'react-relay'

export const save = graphql`
  mutation ChangesSaveMutation($input: SaveBacktestInput!, $connections: [ID!]!) {
    saveBacktest(input: $input) {
      backtest @prependNode(connections: $connections, edgeTypeName: "BacktestEdge") {
        id
        ...Leaderboard_run
      }
      errors {
        code
        message
        path
      }
    }
  }
`

export const remove = graphql`
  mutation ChangesDeleteMutation($input: DeleteBacktestInput!, $connections: [ID!]!) {
    deleteBacktest(input: $input) {
      deletedId @deleteRecord @deleteEdge(connections: $connections)
      errors {
        code
      }
    }
  }
`
