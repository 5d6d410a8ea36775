import { join } from 'node:path'
import { files } from '../adapters/files.ts'

/** Where a run notes that it is about to stop a live source, until the source runs again. */
export function noticeDir(stateDir: string): string {
  return join(stateDir, 'stopped-sources')
}

/** What an operator must hear first: a source that a run stopped and did not start again, and how to start it. */
export async function sourceNotices(stateDir: string): Promise<readonly string[]> {
  const directory = noticeDir(stateDir)
  return Promise.all(
    (await files.list(directory)).map(name => files.readText(join(directory, name)).then(text => text.trim())),
  )
}
