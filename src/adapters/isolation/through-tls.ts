import { bracketed } from '../../model/host-text.ts'
import type { HttpClient, TargetHttp } from '../../model/http.ts'
import type { ThroughTls } from '../../model/instance.ts'
import { createHttpClient } from '../http/client.ts'

export interface ThroughTlsClient extends HttpClient {
  close(): Promise<void>
}

interface Where {
  readonly port: number
  /** Where no namespace lies between, it is asked at its port. */
  readonly socketPath: string | null
}

/** A client that asks for a host, wherever that is, at a port of an instance. */
export function openThroughTls({ host, roots, http2 = false }: ThroughTls, where: Where): ThroughTlsClient {
  const client: Promise<TargetHttp> = createHttpClient({
    baseUrl: `https://${bracketed(host)}`,
    roots,
    trust: { host, caFile: null },
    http2,
    socketPath: where.socketPath,
    ...(where.socketPath === null ? { address: { hostname: '127.0.0.1', port: where.port } } : {}),
  })
  client.catch(() => {})
  return {
    request: async (path, options) => (await client).request(path, options),
    openStream: async (path, options) => (await client).openStream(path, options),
    close: async () => (await client).close(),
  }
}
