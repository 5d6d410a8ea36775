import { RunproofError } from '../../model/error.ts'
import type { HttpPort } from '../../model/http.ts'
import { rootsIn, rootsOfMachine } from '../tls/roots.ts'
import { createHttpClient } from './client.ts'

export const http: HttpPort = {
  async connect({ baseUrl, caFile, http2 = false }) {
    const url = readBaseUrl(baseUrl)
    const plain = { baseUrl: url.href.replace(/\/+$/, '') }
    if (url.protocol === 'http:') {
      if (http2)
        throw new RunproofError('PARAM_INVALID', `${baseUrl} is without TLS, which is where HTTP/2 is agreed on`, {
          hint: 'leave HTTP/2 out, or write https:',
        })
      if (caFile === undefined) return createHttpClient(plain)
      throw new RunproofError(
        'PARAM_INVALID',
        `ca-file=${caFile} says nothing about ${baseUrl}, which is without TLS`,
        {
          hint: 'leave ca-file out, or write https:',
        },
      )
    }
    const roots = caFile === undefined ? await rootsOfMachine() : await rootsIn(caFile, `ca-file=${caFile}`)
    return createHttpClient({ ...plain, http2, roots, trust: { host: url.hostname, caFile: caFile ?? null } })
  },
}

function readBaseUrl(text: string): URL {
  const refuse = (why: string) =>
    new RunproofError('PARAM_INVALID', `base-url=${text} ${why}`, {
      hint: 'for example base-url=http://127.0.0.1:4000',
    })
  if (!URL.canParse(text)) throw refuse('is no URL')
  const url = new URL(text)
  if (url.username !== '' || url.password !== '') {
    throw new RunproofError('PARAM_INVALID', `base-url= for ${url.host} holds a user or a password`, {
      hint: 'a token belongs into a file: token-file=PATH',
    })
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw refuse('is neither http: nor https:')
  if (url.search !== '' || url.hash !== '') throw refuse('has a query or a fragment')
  return url
}
