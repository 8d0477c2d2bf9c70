// Writes typed/schema.ts, TypeScript for all of schema.graphql, and typed/operations.ts for the operations.
import { readFileSync, writeFileSync } from 'node:fs'
import { codegen } from '@graphql-codegen/core'
import * as typedDocumentNode from '@graphql-codegen/typed-document-node'
import * as typescript from '@graphql-codegen/typescript'
import * as operations from '@graphql-codegen/typescript-operations'
import { parse } from 'graphql'

const pluginMap = { typescript, operations, typedDocumentNode }
const config = {
  strictScalars: true, // a scalar that is not named here is an error
  scalars: {
    Date: 'string',
    DateTime: 'string',
    DateTimes: 'string[]',
    Floats: '(number | null)[]',
    JSON: 'unknown',
  },
  useTypeImports: true,
}
const read = (path) => parse(readFileSync(path, 'utf8'))
const schema = read('schema.graphql')
const location = 'typed/operations.graphql'
const documents = [{ location, document: read(location) }]

async function write(filename, plugins) {
  writeFileSync(filename, await codegen({ filename, schema, documents, config, pluginMap, plugins }))
}

await write('typed/schema.ts', [{ typescript: {} }])
await write('typed/operations.ts', [{ operations: {} }, { typedDocumentNode: {} }])
