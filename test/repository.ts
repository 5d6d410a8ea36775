import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { parseSync } from 'oxc-parser'

interface TextRule {
  readonly id: string
  readonly applies: (file: string) => boolean
  readonly forbidden: RegExp
  readonly why: string
}

const everywhere = () => true
const word = (...parts: string[]) => parts.join('')

/** What must not be written in a file; the words are put together here so that this file keeps its own rules. */
const TEXT_RULES: readonly TextRule[] = [
  {
    id: 'product-name',
    applies: file => file.startsWith('src/') && !file.startsWith('src/targets/') && !file.endsWith('.test.ts'),
    forbidden: /kheish/i,
    why: 'only a profile in src/targets/ knows a product by its name',
  },
  {
    id: 'registry-host',
    applies: everywhere,
    forbidden: new RegExp(
      `${word('registry.', 'npmjs')}|${word('registry.', 'yarnpkg')}|${word('deb.', 'debian.org')}`,
    ),
    why: 'where packages come from is up to the machine',
  },
  {
    id: 'resolved',
    applies: file => file === 'package-lock.json',
    forbidden: /"resolved":/,
    why: 'where packages come from is up to the machine',
  },
  {
    id: 'machine-path',
    applies: everywhere,
    forbidden: new RegExp(
      `(?<![\\w.\\-~}$])/(?:${word('wo', 'rk')}|${word('ho', 'me')}/\\w+|${word('ro', 'ot')}|${word('Us', 'ers')})/`,
    ),
    why: 'a path of one machine means nothing on another',
  },
  {
    id: 'outside-path',
    applies: everywhere,
    forbidden: new RegExp(`${word('sha', 'red')}/(?:[\\w-]+\\.md|contract|mission)|\\.\\./${word('sha', 'red')}/`),
    why: 'the checkout is complete in itself',
  },
  {
    id: 'marker',
    applies: file => file !== 'package-lock.json',
    forbidden: new RegExp(`\\b(?:${word('TO', 'DO')}|${word('FIX', 'ME')}|${word('X', 'XX')})\\b(?!_)`),
    why: 'unfinished work is said in an issue',
  },
]

export interface Finding {
  readonly file: string
  readonly rule: string
  readonly message: string
}

/**
 * Every file of the checkout that breaks a rule about its text, and every runbook or smoke suite that is not a script.
 *
 * @throws Error when there are no files: a rule that read nothing has not been kept
 */
export function findBrokenRules(root: string): Finding[] {
  const files = trackedFiles(root)
  if (files.length === 0) throw new Error(`no files below ${root}`)
  return files.flatMap(file => {
    const bytes = readFileSync(path.join(root, file))
    const text = bytes.includes(0) ? '' : bytes.toString('utf8')
    return [...judgeText(file, text), ...judgeScript(root, file, text)]
  })
}

function judgeText(file: string, text: string): Finding[] {
  return TEXT_RULES.filter(rule => rule.applies(file)).flatMap(({ id, forbidden, why }) => {
    const match = forbidden.exec(text)
    if (match === null) return []
    const line = text.slice(0, match.index).split('\n').length
    return [{ file, rule: id, message: `${file}:${line} has ${JSON.stringify(match[0])}: ${why}` }]
  })
}

function judgeScript(root: string, file: string, text: string): Finding[] {
  if (!/^(?:runbooks|smoke)\/[^/]+(?<!\.test)\.ts$/.test(file)) return []
  const wrong = (rule: string, message: string) => ({ file, rule, message: `${file} ${message}` })
  const findings: Finding[] = []
  if ((statSync(path.join(root, file)).mode & 0o111) !== 0o111) findings.push(wrong('executable', 'is not executable'))
  if (!text.startsWith(shebang(root)))
    findings.push(wrong('shebang', 'does not begin with the line bin/runproof gives'))
  if (!hasDefaultExport(file, text)) findings.push(wrong('default-export', 'has no default export'))
  return findings
}

/** The first line of a runbook, as the comment in the launcher states it. */
function shebang(root: string): string {
  const line = /^# {2,}(#!.*\n)/m.exec(readFileSync(path.join(root, 'bin/runproof'), 'utf8'))?.[1]
  if (line === undefined) throw new Error('bin/runproof no longer says how a runbook begins')
  return line
}

function hasDefaultExport(file: string, text: string): boolean {
  return parseSync(file, text).module.staticExports.some(({ entries }) =>
    entries.some(({ exportName }) => exportName.name === 'default' || exportName.kind === 'Default'),
  )
}

/** As git sees them, new files included; everything that is not installed where there is no git. */
function trackedFiles(root: string): string[] {
  const listed = existsSync(path.join(root, '.git'))
    ? execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
        cwd: root,
        encoding: 'utf8',
        maxBuffer: 64 * 1024 * 1024,
      }).split('\0')
    : readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(file => !file.startsWith('node_modules/'))
  return listed
    .filter(file => file !== '' && statSync(path.join(root, file), { throwIfNoEntry: false })?.isFile())
    .sort()
}
