import { join } from 'node:path'
import type { Files } from '../model/files.ts'

export interface Tree {
  /** Regular files, relative, sorted. */
  readonly files: readonly string[]
  /** Directories below the root, relative, parents first. */
  readonly directories: readonly string[]
  /** Links, pipes, sockets, devices: nothing that a digest could stand for. */
  readonly others: readonly string[]
}

/** Everything below a directory, by `lstat`: a link is a link, whatever it points to. */
export async function readTree(files: Files, root: string): Promise<Tree> {
  const tree = { files: [] as string[], directories: [] as string[], others: [] as string[] }
  const visit = async (below: string): Promise<void> => {
    for (const name of await files.list(join(root, below))) {
      const path = below === '' ? name : `${below}/${name}`
      const facts = await files.facts(join(root, path))
      if (facts?.type === 'directory') {
        tree.directories.push(path)
        await visit(path)
      } else (facts?.type === 'file' ? tree.files : tree.others).push(path)
    }
  }
  await visit('')
  tree.files.sort()
  return tree
}

/** The directories that a set of files needs. */
export function parentsOf(paths: Iterable<string>): ReadonlySet<string> {
  const parents = new Set<string>()
  for (const path of paths) {
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) parents.add(path.slice(0, end))
  }
  return parents
}
