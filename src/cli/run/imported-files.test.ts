import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, describe, test } from 'node:test'
import { ROOT } from '../installation.ts'
import { importedFiles } from './imported-files.ts'

const root = mkdtempSync(join(tmpdir(), 'imported-'))
after(() => rmSync(root, { recursive: true }))

/** A runbook, and whatever lies around it. */
function place(name: string, content: Readonly<Record<string, string>>): string {
  for (const [path, text] of Object.entries(content)) {
    mkdirSync(dirname(join(root, name, path)), { recursive: true })
    writeFileSync(join(root, name, path), text)
  }
  return join(root, name, 'books', 'own.ts')
}
const digest = (text: string) => createHash('sha256').update(text).digest('hex')

describe('what a runbook imports', () => {
  test('is told with all that it imports itself, each once, also in a circle and by a link', async () => {
    const helper = "import type { A } from '../books/own.ts'\nexport * from './deep/deeper.js'\n"
    const deeper = 'export const late = () => import(`../words.json`, { with: { type: "json" } })'
    const own = place('one', {
      'books/own.ts': 'import {\n  a,\n  b } from "../lib/helper.ts"\nimport "./side.mts"',
      'books/side.mts': '',
      'lib/helper.ts': helper,
      'lib/deep/deeper.js': deeper,
      'lib/words.json': '{}',
      'lib/other.ts': 'nobody imports it',
    })
    const expected = {
      '../lib/deep/deeper.js': digest(deeper),
      '../lib/helper.ts': digest(helper),
      '../lib/words.json': digest('{}'),
      'side.mts': digest(''),
    }
    assert.deepEqual(await importedFiles(own), expected)
    symlinkSync(own, join(root, 'link.ts'))
    assert.deepEqual(await importedFiles(join(root, 'link.ts')), expected)
  })

  test('has no packages in it, nothing that is not there, and not the source of this installation', async () => {
    const own = place('two', {
      'books/own.ts': `import 'zx'; import './gone.ts'; import './dir.ts'; import '${'../'.repeat(20)}${ROOT}/src/model/error.ts'`,
      'books/dir.ts/file': '',
    })
    assert.deepEqual(await importedFiles(own), {})
  })

  test('is other runbooks, where one of this installation is made of them', async () => {
    const names = Object.keys(await importedFiles(join(ROOT, 'smoke', 'backup-restore.ts')))
    assert.ok(names.includes('../runbooks/restore-drill.ts'), names.join())
  })
})
