import { join } from 'node:path'
import { INDEX_FILE, type Snapshot, type SnapshotIndex, snapshots } from '../../incident/snapshot/snapshot.ts'
import { RUNS_FILE } from '../../incident/snapshot/snapshot-items.ts'
import { type CheckContext, changed, defineCheck, failed, passed } from '../../model/check.ts'
import type { Secret } from '../../model/secret.ts'

interface Observed {
  readonly index: Pick<SnapshotIndex, 'items'>
  /** What lies there, the index left out. */
  readonly files: readonly { readonly file: string; readonly bytes: number; readonly sha256: string }[]
  /** `secret NAME in FILE`, of known secrets. */
  readonly leaks: readonly string[]
}

/** What has to be there; without it there is no evidence. */
const NEEDED = ['status.json', 'runtime.json', 'sessions.json', 'slots.json', RUNS_FILE]
/** What has to be there, or to be listed with the reason why it is not. */
const LISTED = ['doctor.json', 'doctor-routes-auth.json', 'doctor-routes-references.json', 'audit.jsonl']

/** What was to be kept is there, whole or said not to be, and holds no secret that is known. */
export function snapshotWhole(when: 'before' | 'after') {
  return defineCheck<Observed>({
    id: `snapshot-${when}-whole`,
    title: `The evidence ${when} is there, nothing of it empty, cut or missing in silence, and no known secret in it`,

    async probe(context) {
      const { files, leaks } = context.tools
      const { directory } = context.values.get(snapshots[when])
      const index = (await files.readJson(join(directory, INDEX_FILE))) as unknown as SnapshotIndex
      const names = (await files.walk(directory)).filter(name => name !== INDEX_FILE)
      const found = []
      for (const file of names) {
        const path = join(directory, file)
        found.push({ file, bytes: (await files.facts(path))?.sizeBytes ?? 0, sha256: await files.sha256(path) })
      }
      const secrets = context.knownSecrets()
      const { findings, unsearched } = await leaks.scanPaths({ paths: [directory], secrets, signal: context.signal })
      return {
        index: { items: index.items },
        files: found,
        leaks: [
          ...findings.map(({ secret, path }) => `secret ${secret} in ${path.slice(directory.length + 1)}`),
          ...unsearched.map(({ path }) => `unsearched: ${path.slice(directory.length + 1)}`),
        ],
      }
    },

    judge({ index: { items }, files, leaks }) {
      if (leaks.length > 0) return failed(`a known secret is in it: ${leaks[0]}`, { actual: leaks.length })
      const there = new Map(files.map(one => [one.file, one]))
      for (const name of [...NEEDED, ...LISTED])
        if (!items.some(({ file }) => file === name)) return failed(`${name} is not in the index`)
      for (const { file, outcome, bytes, ofBytes, sha256, reason } of items) {
        if (outcome === 'not-collected') {
          if (reason === undefined || reason === '') return failed(`${file} is missing, and nothing says why`)
          if (NEEDED.includes(file)) return failed(`${file} was not collected: ${reason}`)
          continue
        }
        const kept = there.get(file)
        if (kept === undefined) return failed(`${file} is missing, and the index says that it was collected`)
        if (kept.bytes === 0) return failed(`${file} is empty`)
        if (kept.bytes !== bytes || kept.sha256 !== sha256) return failed(`${file} is not what was collected`)
        if (outcome === 'collected' && bytes !== ofBytes) return failed(`${file} was cut, and nothing says so`)
      }
      const stray = files.find(({ file }) => !items.some(one => one.file === file))
      if (stray !== undefined) return failed(`${stray.file} is there, and the index does not know it`)
      const left = items.filter(({ outcome }) => outcome !== 'collected').map(({ file }) => file)
      return passed({ actual: { documents: files.length, notWhole: left } })
    },

    counterproofs: [
      {
        id: `${when}-unexplained`,
        breaks: 'one document is missing without a reason',
        because: /nothing says why/,
        observation: ({ index: { items }, ...rest }) => ({
          ...rest,
          index: {
            items: items.map(one => {
              const { reason: _reason, ...unexplained } = one
              return one.file === 'audit.jsonl' ? { ...unexplained, outcome: 'not-collected' as const } : one
            }),
          },
        }),
      },
      {
        id: `${when}-unlisted`,
        breaks: 'the doctor was forgotten',
        because: /doctor\.json is not in the index/,
        observation: ({ index: { items }, ...rest }) => ({
          ...rest,
          index: { items: items.filter(({ file }) => file !== 'doctor.json') },
        }),
      },
      {
        id: `${when}-cut-silently`,
        breaks: 'the status was cut, and is listed as whole',
        because: /status\.json was cut/,
        observation: ({ index: { items }, ...rest }) => ({
          ...rest,
          index: { items: items.map(one => (one.file === 'status.json' ? { ...one, ofBytes: one.ofBytes + 1 } : one)) },
        }),
      },
      inCopy(`${when}-lost`, 'the status is removed from a copy', /status\.json is missing/, (context, copy) =>
        context.tools.files.remove(join(copy, 'status.json')),
      ),
      inCopy(`${when}-empty`, 'the status of a copy is empty', /status\.json is empty/, (context, copy) =>
        context.tools.files.write(join(copy, 'status.json'), ''),
      ),
      inCopy(`${when}-secret`, 'a known secret stands in a copy', /known secret is in it/, (context, copy, secret) =>
        context.tools.files.write(join(copy, 'status.json'), secret),
      ),
    ],
  })

  function inCopy(
    id: string,
    breaks: string,
    because: RegExp,
    spoil: (context: CheckContext, copy: string, secret: Secret) => Promise<void>,
  ) {
    return {
      id,
      breaks,
      because,
      subject: async (context: CheckContext, scope: AsyncDisposableStack) => {
        const { files } = context.tools
        const given: Snapshot = context.values.get(snapshots[when])
        const directory = join(given.scratchDir, `spoilt-${id}`)
        await files.makeDirectory(directory)
        scope.defer(() => files.remove(directory))
        for (const name of await files.walk(given.directory))
          await files.write(join(directory, name), await files.readBytes(join(given.directory, name)))
        await spoil(context, directory, context.knownSecrets()[0]!)
        return changed(context, { values: context.values.with(snapshots[when], { ...given, directory }) })
      },
    }
  }
}
