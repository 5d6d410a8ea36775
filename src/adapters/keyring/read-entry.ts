import { AsyncEntry } from '@napi-rs/keyring'

/**
 * Run as a process of its own, `SERVICE ACCOUNT`, by `keyring.ts`: native calls to a Secret Service that never answers block, and
 * would keep the process that made them from ending. Says what it found as one JSON document; only a found value leaves it.
 */

/** What reading an entry came to. */
export type EntryRead =
  | { readonly state: 'found'; readonly value: string }
  | { readonly state: 'missing' | 'locked' | 'several' | 'unavailable' | 'failed' }

process.stdout.write(JSON.stringify(await read(process.argv[2]!, process.argv[3]!)))

async function read(service: string, account: string): Promise<EntryRead> {
  let entry: AsyncEntry
  try {
    // Without the pin, a machine without a Secret Service would be asked for its kernel's keyring, which has lost everything
    // since the last start: "missing" would be said where "unavailable" is meant.
    entry = new AsyncEntry(service, account, { linux: { store: 'secret-service' } })
  } catch {
    return { state: 'unavailable' }
  }
  try {
    const value = await entry.getPassword()
    return value === null ? { state: 'missing' } : { state: 'found', value }
  } catch (thrown) {
    const text = String(thrown)
    if (/matched by \d+ credentials/.test(text)) return { state: 'several' }
    return { state: /lock|prompt/i.test(text) ? 'locked' : 'failed' }
  }
}
