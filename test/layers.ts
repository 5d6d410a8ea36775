import { globSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import path from 'node:path'
import { findImports, type Import } from './imports.ts'

interface Layer {
  /** Other layers this one may import, by name; its own files always. */
  readonly ours: readonly string[] | 'any'
  /** Layers of which it may import types only, with `import type`. */
  readonly types?: readonly string[]
  /** npm packages it may import by name. `any` still means a package the manifest declares. */
  readonly npm: readonly string[] | 'any'
  /** Whether it may import Node modules that reach files, processes or the network. Types of them are always allowed. */
  readonly world: boolean
  /** Whether `import()` of a computed path is allowed: only where a folder is a registry, since it hides the target. */
  readonly computed?: true
  /** Why the row is wider or narrower than its neighbours. */
  readonly why: string
}

const pure = { npm: [], world: false } as const
const anything = { ours: 'any', npm: 'any', world: true, computed: true } as const

/** Pure knowledge of one subject each. A new folder is a new row, in the commit that makes it. */
const DOMAINS: Readonly<Record<string, Layer>> = {
  'src/archive': { ...pure, ours: ['src/model'], why: 'what an archive may hold, decided on entries' },
  'src/scan': { ...pure, ours: ['src/model'], why: 'known values in bytes' },
  'src/ledger': { ...pure, ours: ['src/model'], why: 'chains and signatures of records' },
  'src/sse': {
    ours: ['src/model'],
    npm: ['eventsource-parser'],
    world: false,
    why: 'event streams as bytes, events and promises kept; the parser knows the grammar, and the bytes are handed in',
  },
  'src/findings': {
    ...pure,
    ours: ['src/model'],
    why: 'how findings about files are shown and accepted, whatever they are about',
  },
  'src/contract': { ...pure, ours: ['src/model'], why: 'whether an answer has the shape that a contract gives it' },
  'src/daemon': {
    ...pure,
    ours: ['src/model'],
    why: 'how a daemon is started, asked, broken and stopped, through ports',
  },
  'src/suite': {
    ...pure,
    ours: ['src/model', 'src/daemon', 'src/sse', 'src/tls', 'src/nginx'],
    why: 'what smoke suites share: which daemon they ask and how, streams included, and what stands beside it and before it, through ports',
  },
  'src/rotation': {
    ...pure,
    ours: ['src/model', 'src/daemon', 'src/suite'],
    why: 'how a credential is replaced while a daemon is asked, through ports; it reaches a daemon as suites do',
  },
  'src/incident': {
    ...pure,
    ours: ['src/model', 'src/daemon', 'src/suite', 'src/rotation', 'src/scan', 'src/slo', 'src/drill', 'src/ledger'],
    why: 'what is contained, kept and put back in an incident, through ports; what is kept is redacted before it is written',
  },
  'src/nginx': {
    ...pure,
    ours: ['src/model', 'src/findings'],
    why: 'what a configuration says, and what a request gets; files are handed in',
  },
  'src/tls': {
    ours: ['src/model'],
    npm: ['@peculiar/x509', 'reflect-metadata', 'node-forge'],
    world: false,
    why: 'certificates as values: made, read and judged; connections are made elsewhere',
  },
  'src/slo': {
    ...pure,
    ours: ['src/model'],
    why: 'service level signals: what a sample says and what a window of them comes to; samples are taken through ports',
  },
  'src/drill': {
    ...pure,
    ours: ['src/model', 'src/archive', 'src/ledger', 'src/daemon'],
    why: 'what a recovery does and promised, through ports; it reads archives’ digests and a ledger’s heads',
  },
}

const domains = Object.keys(DOMAINS)

/** Who may import what. Keys are folders; the longest one that contains a file is its layer. */
const LAYERS: Readonly<Record<string, Layer>> = {
  'src/model': { ...pure, ours: [], why: 'everything is written against it, so it knows nobody' },
  'src/policy': { ...pure, ours: ['src/model'], why: 'a decision is a function of the step and the rules' },
  'src/checks': { ...pure, ours: ['src/model', ...domains], why: 'probe through a port, judge without one' },
  'src/targets': { ...pure, ours: ['src/model'], why: 'a profile is a description' },
  'src/docs': {
    ours: ['src/model', 'src/findings'],
    npm: [
      ...['unbash', 'yaml', 'smol-toml'],
      ...['micromark', 'micromark-util-types', 'micromark-extension-gfm-table'],
      ...['micromark-extension-mdxjs', 'decode-named-character-reference'],
    ],
    world: false,
    why: 'parsers only; the pages are handed in',
  },
  ...DOMAINS,
  'src/evidence': {
    ours: ['src/model', 'src/scan'],
    npm: ['ajv', 'ajv-formats'],
    world: true,
    why: 'the journal and the seal are files; ajv is there for what generated validators need at run time',
  },
  'src/evidence/schema.ts': {
    ours: ['src/evidence'],
    npm: ['typebox'],
    world: false,
    why: 'source of the generated schema and validator; its types are imported, it is never loaded at run time',
  },
  'src/docs/report/schema.ts': {
    ours: ['src/docs'],
    npm: ['typebox'],
    world: false,
    why: 'source of the published schema; its types are imported, it is never loaded at run time',
  },
  'src/reporters': {
    ...pure,
    ours: ['src/model', 'src/evidence', 'src/findings'],
    why: 'a report is a function of the evidence, so it needs the type of the evidence; annotations are written in one way',
  },
  'src/reporters/timeline/schema.ts': {
    ours: ['src/reporters'],
    npm: ['typebox'],
    world: false,
    why: 'source of the published schema; its types are imported, it is never loaded at run time',
  },
  'src/adapters': {
    ours: ['src/model', ...domains],
    npm: 'any',
    world: true,
    why: 'the only code that touches the world',
  },
  'src/engine': {
    ...pure,
    ours: ['src/model', 'src/policy'],
    types: ['src/evidence'],
    why: 'gets its ports as arguments; what it records has the shape of the evidence, and only the shape',
  },
  'src/fleet': { ...pure, ours: ['src/model', 'src/engine'], why: 'the queue is an adapter' },
  'src/cli': {
    ours: [
      ...['model', 'policy', 'checks', 'targets', 'docs', 'evidence', 'reporters', 'adapters', 'engine', 'fleet'].map(
        name => `src/${name}`,
      ),
      ...domains,
      'runbooks',
      'smoke',
    ],
    npm: ['commander', '@clack/prompts'],
    world: true,
    computed: true,
    why: 'the composition root; commands, runbooks, targets and reporters are found by file name',
  },
  'src/testing': { ...pure, ours: ['src/model'], why: 'fakes of ports and their contract suites' },
  runbooks: {
    ...pure,
    ours: ['src/model', 'src/checks', ...domains],
    why: 'a drill begins with another runbook (backup), and reads facts with the pure code its checks use',
  },
  smoke: { ...pure, ours: ['src/model', 'src/checks', 'runbooks', ...domains], why: 'a suite is a runbook of checks' },
  fixtures: {
    ours: [],
    npm: 'any',
    world: true,
    computed: true,
    why: 'a stand-in that shared our code would share our bugs; its commands are found by file name',
  },
  scripts: { ...anything, why: 'chores, never shipped' },
  test: { ...anything, why: 'rules and end-to-end tests, never shipped' },
}

/** Files that schemas are made from, and the folders that they belong to. */
const SCHEMA_SOURCES: ReadonlyMap<string, string> = new Map([
  ['src/evidence/schema.ts', 'src/evidence'],
  ['src/docs/report/schema.ts', 'src/docs'],
  ['src/reporters/timeline/schema.ts', 'src/reporters'],
])

/** Tests beside the code follow the rules of `test/`, except that fixtures and their tests know nothing of ours. */
const TESTS: Layer = { ...anything, why: 'a test may bring in whatever shows the effect' }

/** Node modules through which code reaches something outside its own memory. */
const WORLD = new Set(
  'child_process cluster dgram diagnostics_channel dns fs http http2 https inspector net readline repl sea sqlite tls tty wasi worker_threads'
    .split(' ')
    .map(name => `node:${name}`),
)

/** Files and folders outside the layers that code may import as data, besides the layers that may import anything. */
const DATA: Readonly<Record<string, readonly string[]>> = { 'package.json': ['src/cli'], reports: [] }

interface Violation {
  readonly file: string
  readonly line: number
  readonly rule: 'folder' | 'ours' | 'npm' | 'world' | 'computed' | 'dev-only' | 'prefix'
  readonly message: string
}

/**
 * Every import below `root` that the table does not allow, and every folder with code that it does not list.
 *
 * @param root - a checkout, or a copy of one with a `package.json`
 * @returns an empty list when all is well
 * @throws Error when there is no code at all: a rule that read nothing has not been kept
 */
export function findViolations(root: string): Violation[] {
  const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
  const shipped = new Set(Object.keys(manifest.dependencies ?? {}))
  const files = codeFiles(root)
  if (files.length === 0) throw new Error(`no code below ${root}`)

  return [...unlistedFolders(root, files), ...files.flatMap(file => judgeFile(file))]

  function judgeFile(file: string): Violation[] {
    const name = layerOf(file)
    if (name === undefined) return [{ file, line: 1, rule: 'folder', message: `no layer contains ${file}` }]
    const imports = findImports(file, readFileSync(path.join(root, file), 'utf8'))
    return imports.flatMap(one => {
      const verdict = judgeImport(file, name, one, shipped)
      return verdict === undefined ? [] : [{ file, line: one.line, ...verdict }]
    })
  }
}

function judgeImport(
  file: string,
  name: string,
  { specifier, kind }: Import,
  shipped: ReadonlySet<string>,
): Pick<Violation, 'rule' | 'message'> | undefined {
  const forTests = file.endsWith('.test.ts') || file.includes('/testdata/')
  const isTest = forTests || name === 'test' || name === 'scripts' || name === 'src/testing'
  const row = LAYERS[name]!
  const layer = forTests && name !== 'fixtures' ? TESTS : row

  if (specifier === undefined) {
    if (kind !== 'dynamic' || layer.computed) return undefined
    return { rule: 'computed', message: `${name} may not import a computed path` }
  }

  if (/^\.{0,2}\//.test(specifier) || specifier.startsWith('file:')) {
    const target = path.posix.join(path.posix.dirname(file), specifier)
    const targetLayer = specifier.startsWith('.') ? (layerOf(target) ?? dataOf(target)) : undefined
    if (targetLayer === undefined) return { rule: 'ours', message: `${specifier} is in no listed folder` }
    const schemaOf = SCHEMA_SOURCES.get(targetLayer)
    if (schemaOf !== undefined && kind !== 'type' && !isTest)
      return { rule: 'dev-only', message: `${specifier} costs a schema compiler at run time; import type` }
    const folder = schemaOf ?? targetLayer
    if (folder === name || layer.ours === 'any' || layer.ours.includes(folder) || DATA[folder]?.includes(name))
      return undefined
    if (kind === 'type' && layer.types?.includes(folder)) return undefined
    return { rule: 'ours', message: `${name} may not import ${targetLayer} (${specifier}): ${row.why}` }
  }

  if (isBuiltin(specifier)) {
    if (!specifier.startsWith('node:')) return { rule: 'prefix', message: `write node:${specifier}` }
    const reaches = WORLD.has(specifier.split('/', 1)[0]!)
    if (layer.world || kind === 'type' || !reaches) return undefined
    return { rule: 'world', message: `${name} may not reach ${specifier}: ${row.why}` }
  }

  const packageName = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
  if (layer.npm !== 'any' && !layer.npm.includes(packageName))
    return { rule: 'npm', message: `${name} may not import the package ${packageName}` }
  if (!isTest && kind !== 'type' && !SCHEMA_SOURCES.has(name) && !shipped.has(packageName))
    return { rule: 'dev-only', message: `${packageName} is not among the dependencies that users get` }
  return undefined
}

function layerOf(file: string): string | undefined {
  return Object.keys(LAYERS)
    .filter(layer => file === layer || file.startsWith(`${layer}/`))
    .sort((a, b) => b.length - a.length)[0]
}

function dataOf(file: string): string | undefined {
  return Object.keys(DATA).find(name => file === name || file.startsWith(`${name}/`))
}

function codeFiles(root: string): string[] {
  return globSync('**/*.{ts,mts,cts,js,mjs,cjs}', {
    cwd: root,
    exclude: name => ['node_modules', '.git', 'dist'].includes(path.basename(name)),
  })
    .filter(file => !/^reports\/(?!schema|example)/.test(file))
    .sort()
}

/** Also a folder of `src/` whose files are not code yet: its row comes first. */
function unlistedFolders(root: string, files: readonly string[]): Violation[] {
  return globSync('src/*', { cwd: root })
    .filter(name => statSync(path.join(root, name)).isDirectory() && layerOf(name) === undefined)
    .filter(name => !files.some(file => file.startsWith(`${name}/`)) && readdirSync(path.join(root, name)).length > 0)
    .map(name => ({ file: name, line: 1, rule: 'folder', message: `${name} has no row in the table of layers` }))
}
