import type { Json } from '../model/check.ts'

/** SHA-256 in hexadecimal or in base64 of either alphabet. */
const DIGEST = /^(?:[0-9a-f]{64}|[A-Za-z0-9+/_-]{43}=?)$/i

/**
 * Members of a document that give a token away: texts with a token in them, and texts that can only be a digest.
 *
 * @param token - what a token looks like
 * @param harmless - names of members that hold digests of something else
 * @returns paths, such as `[0].leases[1].token_sha256`; never a value
 */
export function revealing(document: Json, token: RegExp, harmless: readonly string[]): string[] {
  const found: string[] = []
  const look = (value: Json | undefined, path: string, name: string): void => {
    if (typeof value === 'string') {
      if (value.search(token) >= 0 || (DIGEST.test(value) && !harmless.includes(name))) found.push(path)
    } else if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) look(item, `${path}[${index}]`, name)
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, item] of Object.entries(value)) {
        const place = path === '' ? key : `${path}.${key}`
        if (key.search(token) >= 0) found.push(`${path}.(name of a member)`)
        look(item, place, key)
      }
    }
  }
  look(document, '', '')
  return found
}
