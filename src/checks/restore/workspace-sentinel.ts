import { join } from 'node:path'
import { withDamagedTree } from '../../drill/break.ts'
import { baseline, restored } from '../../drill/subjects.ts'
import { defineCheck, failed, passed } from '../../model/check.ts'

interface Observed {
  readonly path: string
  readonly expected: string
  readonly actual: string | null
}

/** The workspace holds the very sentinel file that the source had at backup time. */
export const workspaceSentinel = defineCheck<Observed>({
  id: 'workspace-sentinel',
  covers: ['7.4/20', '9.B/10', '7.3/54', '9.A/39'],
  title: 'The workspace sentinel is byte for byte the one of the source',
  needs: ['baseline'],
  untested: ({ values }) =>
    values.get(baseline).sentinel === null
      ? 'the backup names no sentinel (sentinel= of runproof run backup)'
      : undefined,

  async probe({ values, tools }) {
    const { sentinel } = values.get(baseline)
    if (sentinel === null) return { path: '(none)', expected: 'a sentinel in the baseline', actual: null }
    const path = join(values.get(restored).workspaceRoot, sentinel.path)
    const present = (await tools.files.facts(path))?.type === 'file'
    return { path: sentinel.path, expected: sentinel.sha256, actual: present ? await tools.files.sha256(path) : null }
  },

  judge: ({ path, expected, actual }) =>
    actual === expected
      ? passed({ expected, actual })
      : failed(actual === null ? `${path} is missing` : `${path} has another content`, { expected, actual }),

  counterproofs: [
    {
      id: 'sentinel-changed',
      breaks: 'the sentinel in a copy of the workspace says something else',
      because: /another content/,
      subject: (context, scope) =>
        withDamagedTree(context, scope, 'workspace', root =>
          context.tools.archives.replaceFile(root, context.values.get(baseline).sentinel!.path, Buffer.from('changed')),
        ),
    },
    {
      id: 'sentinel-gone',
      breaks: 'the sentinel is missing from a copy of the workspace',
      because: /is missing/,
      subject: (context, scope) =>
        withDamagedTree(context, scope, 'workspace', root =>
          context.tools.archives.dropFile(root, context.values.get(baseline).sentinel!.path),
        ),
    },
  ],
})
