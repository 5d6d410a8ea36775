/** Who can listen in on the way to an address. `name`: whatever it resolves to decides. */
export type Reach = 'loopback' | 'private' | 'public' | 'name'

const V4: readonly (readonly [RegExp, Reach])[] = [
  [/^127\./, 'loopback'],
  [/^10\./, 'private'],
  [/^172\.(?:1[6-9]|2\d|3[01])\./, 'private'],
  [/^192\.168\./, 'private'],
  [/^169\.254\./, 'private'],
]

const V6: readonly (readonly [RegExp, Reach])[] = [
  [/^(?:0*:)*:?0*1$/, 'loopback'],
  [/^f[cd][0-9a-f]{2}:/, 'private'],
  [/^fe[89ab][0-9a-f]:/, 'private'],
]

/**
 * @param address - as nginx takes it: `127.0.0.1:4000`, `[::1]:4000`, `unix:/run/daemon.sock`, `daemon.internal`
 * @see RFC 1918, RFC 4193
 */
export function reachOf(address: string): Reach {
  if (address.startsWith('unix:')) return 'loopback'
  const bracketed = /^\[([^\]]+)\]/.exec(address)?.[1]
  if (bracketed !== undefined) return ofKind(V6, bracketed.toLowerCase())
  const host = address.replace(/:\d+$/, '').toLowerCase()
  if (/^\d+(?:\.\d+){3}$/.test(host)) return ofKind(V4, host)
  return host === 'localhost' ? 'loopback' : 'name'
}

function ofKind(table: readonly (readonly [RegExp, Reach])[], host: string): Reach {
  return table.find(([pattern]) => pattern.test(host))?.[1] ?? 'public'
}

/** Whether only this machine can reach an address that is listened at. */
export function isLoopback(address: string): boolean {
  return reachOf(address.includes(':') && !address.startsWith('[') ? `[${address}]` : address) === 'loopback'
}
