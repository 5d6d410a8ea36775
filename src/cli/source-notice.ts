import { join } from 'node:path'
import { files } from '../adapters/files.ts'
import { terminalLine } from '../reporters/text/terminal.ts'

/** Where a run notes that it is about to stop a live source, until the source runs again. */
export function noticeDir(stateDir: string): string {
  return join(stateDir, 'stopped-sources')
}

/** What an operator must hear first: a source that a run stopped and did not start again, and how to start it. */
export async function sourceNotices(stateDir: string): Promise<readonly string[]> {
  const directory = noticeDir(stateDir)
  // A file that is being written has a hidden name.
  const names = (await files.list(directory)).filter(name => !name.startsWith('.'))
  return Promise.all(names.map(name => files.readText(join(directory, name)).then(text => text.trim())))
}

/** Before a run says anything of its own. */
export async function tellNotices(stateDir: string, output: { write(text: string): unknown }): Promise<void> {
  for (const notice of await sourceNotices(stateDir))
    output.write(`${notice.split('\n').map(terminalLine).join('\n')}\n\n`)
}
