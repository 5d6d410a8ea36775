import { join } from 'node:path'
import { withDamagedTree } from '../../drill/break.ts'
import { incoming, type Part, restored } from '../../drill/subjects.ts'
import type { ManifestComparison, ManifestMember } from '../../model/archive.ts'
import { type CheckContext, defineCheck, failed, passed } from '../../model/check.ts'
import { RunproofError } from '../../model/error.ts'

/** Attributes of files are restored by tar and not read back: Node has no call for them. */
const UNSEEN: readonly ManifestMember[] = ['xattrs']
/** Only root can give files away: with anybody else everything unpacked is their own. */
const OWNERS: readonly ManifestMember[] = ['uid', 'gid']

interface Observed {
  readonly comparison: ManifestComparison
  readonly compared: number
}

/** The tree on disk is the tree of the manifest: nothing missing, nothing extra, nothing changed, modes and links included. */
export function treeMatches(part: Part) {
  return defineCheck<Observed>({
    id: `${part}-tree`,
    title: `The restored ${part} is the manifest's tree, member by member`,
    untested: ({ values }) =>
      values.get(incoming)[part] === undefined ? 'there is no such archive in the backup' : undefined,

    async probe({ values, tools, signal }) {
      const manifest = values.get(incoming)[part]?.manifest ?? values.get(restored).manifests[part]
      if (manifest === undefined)
        throw new RunproofError('MANIFEST_INVALID', `no manifest of the ${part} was given`, {
          hint: '--param manifest=PATH',
        })
      const trees = values.get(restored)
      const directory = part === 'state' ? trees.stateRoot : trees.workspaceRoot
      const ignore = trees.ownersKept ? UNSEEN : [...UNSEEN, ...OWNERS]
      return {
        compared: manifest.entries.length,
        comparison: await tools.archives.compareTree({ directory, manifest, ignore, signal }),
      }
    },

    judge({ comparison, compared }) {
      const { missing, extra, changed } = comparison
      if (compared === 0) return failed('the manifest lists nothing')
      const found = [
        ...missing.map(entry => `missing ${entry.path}`),
        ...extra.map(entry => `extra ${entry.path}`),
        ...changed.map(change => `changed ${change.path} (${change.members.map(one => one.member).join(', ')})`),
      ]
      return found.length === 0
        ? passed({ actual: { entries: compared } })
        : failed(found.slice(0, 5).join('; '), {
            actual: { missing: missing.length, extra: extra.length, changed: changed.length },
          })
    },

    counterproofs: [
      {
        id: 'nothing-compared',
        breaks: 'the manifest lists nothing',
        because: /lists nothing/,
        observation: observed => ({ ...observed, compared: 0 }),
      },
      {
        id: 'file-added',
        breaks: 'a file is added to a copy of the tree',
        because: /extra added-by-runproof/,
        subject: (context, scope) =>
          withDamagedTree(context, scope, part, root =>
            context.tools.archives.addFile(root, 'added-by-runproof', Buffer.from('x')),
          ),
      },
      {
        id: 'file-removed',
        breaks: 'a file is removed from a copy of the tree',
        because: /missing /,
        subject: (context, scope) =>
          withDamagedTree(context, scope, part, async root =>
            context.tools.archives.dropFile(root, await someFile(context, root)),
          ),
      },
      {
        id: 'file-changed',
        breaks: 'one bit of a file changes in a copy of the tree',
        because: /changed .*sha256/,
        subject: (context, scope) =>
          withDamagedTree(context, scope, part, async root => {
            const name = await someFile(context, root)
            const bytes = Buffer.from(await context.tools.files.readBytes(join(root, name)))
            bytes[0] = bytes[0]! ^ 1
            await context.tools.archives.replaceFile(root, name, bytes)
          }),
      },
      {
        id: 'mode-widened',
        breaks: 'a file may be read, written and run by everyone in a copy of the tree',
        because: /changed .*mode/,
        subject: (context, scope) =>
          withDamagedTree(context, scope, part, async root =>
            context.tools.archives.widenMode(root, await someFile(context, root, 0o007), 0o007),
          ),
      },
    ],
  })
}

/** The name of the first file with content and, where bits are given, with one of them to be added: what can be broken. */
async function someFile(context: CheckContext, root: string, addable?: number): Promise<string> {
  for (const name of await context.tools.files.walk(root)) {
    const facts = await context.tools.files.facts(join(root, name))
    if (facts?.type !== 'file' || facts.sizeBytes === 0) continue
    if (addable === undefined || (facts.mode & addable) !== addable) return name
  }
  throw new RunproofError('STATE_MALFORMED', `there is no file to break below ${root}`)
}
