import { join } from 'node:path'
import { type Deployment, deployment } from '../../drill/backup-subjects.ts'
import { type CheckContext, changed, defineCheck, failed, passed } from '../../model/check.ts'

interface Observed {
  readonly inside: readonly string[]
  readonly looked: number
}

/** The key is not about to be archived with the data that it protects. */
export const keysApart = defineCheck<Observed>({
  id: 'keys-apart',
  title: 'No key or token file lies inside what is about to be archived',

  async probe(context) {
    const { tools, target, values } = context
    const { stateRoot, workspaceRoot, ...named } = values.get(deployment)
    const roots = [stateRoot, ...(workspaceRoot === undefined ? [] : [workspaceRoot])]
    const secrets = await placesOf(context, named)
    const inside: string[] = []
    let looked = 0
    for (const root of roots) {
      const real = await tools.files.realPath(root)
      inside.push(...secrets.filter(path => path.startsWith(`${real}/`)))
      const names = await tools.files.walk(real)
      looked += names.length
      inside.push(...names.filter(name => target.layout.neverArchived.test(name)).map(name => join(real, name)))
    }
    return { inside: [...new Set(inside)], looked }
  },

  judge({ inside, looked }) {
    if (inside.length > 0)
      return failed(`would be archived with the data it protects: ${inside.join(', ')}; move it elsewhere`)
    return looked > 0 ? passed({ actual: { files: looked } }) : failed('there is no file to back up')
  },

  counterproofs: [
    {
      id: 'nothing-there',
      breaks: 'the roots hold no file',
      because: /no file/,
      observation: observed => ({ ...observed, looked: 0 }),
    },
    {
      id: 'token-inside',
      breaks: 'a token file lies in another state root',
      because: /archived with the data/,
      subject: (context, scope) => otherRoot(context, scope, 'admin-token', () => ({})),
    },
    {
      id: 'key-inside',
      breaks: 'the named master key lies in another state root, under a name of its own',
      because: /archived with the data/,
      subject: (context, scope) => otherRoot(context, scope, 'named-otherwise', masterKeyFile => ({ masterKeyFile })),
    },
  ],
})

/** Real places of the key and token files that were named. */
async function placesOf({ tools }: CheckContext, named: Partial<Deployment>): Promise<readonly string[]> {
  const paths = [named.masterKeyFile, named.adminTokenFile, named.readonlyTokenFile]
  const real = await Promise.all(
    paths.map(path => (path === undefined ? undefined : tools.files.realPath(path).catch(() => undefined))),
  )
  return real.filter(path => path !== undefined)
}

async function otherRoot(
  context: CheckContext,
  scope: AsyncDisposableStack,
  name: string,
  change: (file: string) => Partial<Deployment>,
): Promise<CheckContext> {
  const { files } = context.tools
  const subject = context.values.get(deployment)
  const stateRoot = join(subject.scratchDir, `root-with-${name}`)
  scope.defer(() => files.remove(stateRoot))
  await files.makeDirectory(stateRoot)
  const file = join(stateRoot, name)
  await files.write(file, 'no real one')
  const broken: Deployment = { ...subject, stateRoot, workspaceRoot: undefined, ...change(file) }
  return changed(context, { values: context.values.with(deployment, broken) })
}
