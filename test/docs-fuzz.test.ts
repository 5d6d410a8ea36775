import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { Finding } from '../src/docs/finding.ts'
import { judgePage } from '../src/docs/judge/judge.ts'
import { readPage } from '../src/docs/page/read-page.ts'
import type { Place } from '../src/docs/place.ts'
import { checkFiles } from '../src/docs/references/check-files.ts'
import { checkJsonPaths } from '../src/docs/references/check-json-paths.ts'
import { findForbidden } from '../src/docs/references/forbidden.ts'
import { readTree } from '../src/docs/tree/saved.ts'
import type { RepositoryFiles } from '../src/model/repository-files.ts'

const ROOT = join(import.meta.dirname, '..')
const TREE = readTree('runproof', readFileSync(join(ROOT, 'fixtures/docs/runproof/0.1.0.json'), 'utf8'))
const PAGES = readdirSync(join(ROOT, 'docs'))
  .filter(name => name.endsWith('.md'))
  .map(name => readFileSync(join(ROOT, 'docs', name)))
const FILES: RepositoryFiles = {
  kindOf: path => (path.length % 2 === 0 ? 'file' : undefined),
  namesIn: () => ['run.sh', 'docs'],
  named: () => [],
  read: path => (path.includes('e') ? 'if (((\n' : 'true\n'),
}
const SAMPLE = { name: 'status', form: 'sample', value: { health: { ok: true }, list: [{ a: 1 }] } } as const

/** Numbers from 0 on below a bound, the same each time. */
function randomOf(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** Everything that reads a page, with whatever it says of it. */
function read(file: string, bytes: Uint8Array): readonly Place[] {
  const page = readPage(file, bytes)
  const verdict = judgePage(page, [TREE], { programs: ['runproof'] })
  const text = new TextDecoder().decode(bytes)
  const referred = [checkFiles(page, file, verdict.commands, FILES), checkJsonPaths(page, verdict.commands, [SAMPLE])]
  const findings: readonly Finding[] = [
    ...page.problems,
    ...verdict.findings,
    ...referred.flatMap(one => one.findings),
    ...findForbidden(file, text, [{ fragment: 'a', reason: 'it is there' }]),
  ]
  for (const { message } of findings) assert.match(message, /[^.\s]$/)
  return [
    ...findings.map(({ at }) => at),
    ...verdict.commands.flatMap(({ at, words }) => [at, ...words.map(word => word.at)]),
    ...verdict.unjudged.map(({ at }) => at),
    ...referred.flatMap(one => one.unjudged.map(({ at }) => at)),
    ...page.links.map(({ at }) => at),
  ]
}

function outside(bytes: Uint8Array, places: readonly Place[]): readonly Place[] {
  const lines = new TextDecoder().decode(bytes).split(/\r\n|\n|\r/)
  // What ends in the newline of a line ends one after it, as the newline has a column, too.
  const within = (line: number, column: number, newline = 0) =>
    line >= 1 && line <= lines.length && column >= 1 && column <= lines[line - 1]!.length + 1 + newline
  return places.filter(
    ({ line, column, endLine, endColumn }) =>
      !within(line, column) ||
      !within(endLine, endColumn, 1) ||
      endLine < line ||
      (endLine === line && endColumn < column),
  )
}

function hold(file: string, bytes: Uint8Array, what: string): number {
  const began = process.cpuUsage()
  let places: readonly Place[]
  try {
    places = read(file, bytes)
  } catch (error) {
    throw new Error(`${what} (${file}) was not read: ${JSON.stringify(Buffer.from(bytes).toString('latin1'))}`, {
      cause: error,
    })
  }
  const tookMs = process.cpuUsage(began).user / 1_000
  assert.ok(tookMs < 5000, `${what} (${file}) took ${tookMs.toFixed(0)} ms`)
  const wrong = outside(bytes, places)
  assert.deepEqual(
    wrong,
    [],
    `${what} (${file}): ${JSON.stringify(Buffer.from(bytes).toString('latin1').slice(0, 2000))}`,
  )
  return places.length
}

const FORMS = ['a.md', 'a.mdx', 'a.txt'] as const

const SOUP = [
  ...['```', '```sh\n', '~~~bash\n', '`', '``', '|', '| --- |\n', '- ', '  ', '\t', '> ', '# ', '1. ', '\n', '\n\n'],
  ...[
    '\r\n',
    '\r',
    '<Tabs>',
    '</Tabs>',
    '<div>',
    '{',
    '}',
    '{/*',
    '*/}',
    '<!--',
    '-->',
    '---\n',
    'program: runproof\n',
    '+++\n',
  ],
  ...[
    '[a](',
    './run.sh',
    ')',
    '[x]: y\n',
    '\\',
    '"',
    "'",
    '$(',
    '$((',
    '${',
    '<<EOF\n',
    'EOF\n',
    '&&',
    '|',
    ';',
    '>',
    '<id>',
  ],
  ...[
    'runproof ',
    'run ',
    'docs check ',
    '--target ',
    '--param=',
    '...',
    '…',
    "jq '.health.okk'",
    '`.health.okk`',
    '$ ',
    '# ',
  ],
  ...[
    'for x in ',
    'do ',
    'done',
    'if ',
    'then ',
    'fi',
    'case ',
    'esac',
    '()',
    '{ ',
    '\u{1f642}',
    '\ufeff',
    '\u202e',
    '\0',
    '\ud800',
  ],
  ...[
    'import x from "y"\n',
    'export const a = 1\n',
    ':::note\n',
    ':::\n',
    '!!! note\n',
    '    ',
    '[^1]',
    '***',
    '__',
    '~~',
  ],
]

describe('a page of whatever it may be is read, and every place that is told lies in it', () => {
  test('random bytes', () => {
    const random = randomOf(1)
    for (let round = 0; round < 150; round++) {
      const bytes = Uint8Array.from({ length: random(400) }, () => random(256))
      hold(FORMS[round % 3]!, bytes, 'rubbish')
    }
  })

  test('a soup of what Markdown, MDX and shells are made of', () => {
    const random = randomOf(2)
    let places = 0
    for (let round = 0; round < 600; round++) {
      const text = Array.from({ length: 1 + random(40) }, () => SOUP[random(SOUP.length)]!).join('')
      places += hold(FORMS[round % 3]!, Buffer.from(text), 'soup')
    }
    assert.ok(places > 1000, `only ${places} places were told`)
  })

  test('our own pages, cut off and with bytes changed', () => {
    const random = randomOf(3)
    for (const [index, page] of PAGES.entries()) {
      const whole = page.subarray(0, 6000)
      hold('a.md', whole, 'a page')
      hold(FORMS[index % 3]!, whole.subarray(0, random(whole.length)), 'a cut page')
      const changed = Buffer.from(whole)
      for (let change = 0; change < 20; change++) changed[random(changed.length)] = random(256)
      hold(FORMS[(index + 1) % 3]!, changed, 'a changed page')
      const crlf = Buffer.from(`\ufeff${whole.toString('utf8').replaceAll('\n', '\r\n')}`)
      hold('a.md', crlf, 'a page with CRLF and a byte order mark')
    }
  })

  const deep: readonly (readonly [title: string, text: string])[] = [
    ['quotations', `${'> '.repeat(300)}\`runproof run\``],
    ['lists', Array.from({ length: 60 }, (_, depth) => `${'  '.repeat(depth)}- \`runproof run x\``).join('\n')],
    ['elements', `${'<a>'.repeat(150)}\`x\`${'</a>'.repeat(150)}`],
    ['braces', '{'.repeat(1000)],
    ['brackets', `${'['.repeat(1000)}a${']('.repeat(1000)}`],
    ['substitutions', `\`\`\`sh\n${'$('.repeat(500)}runproof run${')'.repeat(500)}\n\`\`\`\n`],
    ['groups', `\`\`\`sh\n${'( '.repeat(500)}runproof run${' )'.repeat(500)}\n\`\`\`\n`],
    ['quotes', `\`\`\`sh\n${'"$(echo '.repeat(100)}x${')"'.repeat(100)}\n\`\`\`\n`],
    ['escapes in backticks', '```sh\n`\n\\\n>`\n```\n~~~sh\n<<F\n`\n{/*\\'],
    ['here-documents', `\`\`\`sh\n${'cat <<A\n'.repeat(200)}A\n\`\`\`\n`],
    ['backticks', Array.from({ length: 200 }, (_, count) => '`'.repeat(count + 1)).join(' ')],
    ['words', `\`\`\`sh\nrunproof run ${'--param a=b '.repeat(2000)}\n\`\`\`\n`],
    ['pipes', `\`\`\`sh\n${'runproof run x | '.repeat(500)}cat\n\`\`\`\n`],
    ['columns', `|${' a |'.repeat(300)}\n|${' - |'.repeat(300)}\n|${' `runproof run` |'.repeat(300)}\n`],
    ['an endless line', `\`runproof ${'x'.repeat(500_000)}\``],
    ['an endless fence', `\`\`\`sh\n${'runproof list runbooks\n'.repeat(1000)}`],
  ]
  for (const [title, text] of deep)
    test(`many ${title}`, () => {
      for (const file of FORMS) hold(file, Buffer.from(text), title)
    })
})
