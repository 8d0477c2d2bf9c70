// The audits of GraphQL over HTTP by graphql-http, against the service whose address is given.
import { serverAudits } from 'graphql-http'

const audits = serverAudits({ url: process.argv[2] })
const results = await Promise.all(audits.map(({ fn }) => fn()))
console.log(JSON.stringify(results.map(({ id, name, status, reason }) => ({ id, name, status, reason: reason ?? null }))))
