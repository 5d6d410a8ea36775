// A configuration of 10 000 lines with 500 includes: read and judged for syntax in this process, and checked by the command.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfiguration } from '../../src/adapters/nginx/read-config.ts'
import { checkSyntax } from '../../src/nginx/syntax.ts'
import { median } from './median.ts'

const LINES = 10_000
const INCLUDES = 500
const ROUNDS = 9

const RUNPROOF = join(import.meta.dirname, '..', '..', 'bin', 'runproof')
/** Each process writes what it took at most, in KiB, where the command writes nothing. */
const TELL_PEAK = `--import=data:text/javascript,process.on('exit',()=>process._rawDebug('peak',process.resourceUsage().maxRSS))`

await bench()

async function bench(): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), 'bench-nginx-'))
  try {
    const main = join(scratch, 'nginx.conf')
    const bytes = write(scratch, main)
    const reading: number[] = []
    const checking: number[] = []
    for (let round = 0; round < ROUNDS; round++) {
      const began = performance.now()
      const configuration = await readConfiguration(main)
      const read = performance.now()
      const findings = checkSyntax(configuration)
      checking.push(performance.now() - read)
      reading.push(read - began)
      if (findings.length > 0) throw new Error(`the configuration is right, yet: ${findings[0]!.text}`)
      if (configuration.files.length !== INCLUDES + 1) throw new Error(`${configuration.files.length} files were read`)
    }
    const say = (line: string) => process.stdout.write(`  ${line}\n`)
    say(`${LINES} lines, ${INCLUDES} includes, ${Math.round(bytes / 1024)} KiB; of ${ROUNDS} rounds`)
    say(`read and parsed: first ${reading[0]!.toFixed(0)} ms, median ${median(reading).toFixed(0)} ms`)
    say(`syntax checked: first ${checking[0]!.toFixed(0)} ms, median ${median(checking).toFixed(0)} ms`)
    for (const [what, ...words] of [
      ['one of its 500 servers', '--host', 'site-7.example.org'],
      ['all of its 500 servers'],
    ] as const) {
      run(main, words)
      const runs = Array.from({ length: ROUNDS }, () => run(main, words))
      const peak = Math.max(...runs.map(({ peakKib }) => peakKib)) / 1024
      say(
        `runproof nginx check, ${what}: median ${median(runs.map(({ ms }) => ms)).toFixed(0)} ms (target 300 ms), peak ${peak.toFixed(0)} MiB (target 150 MiB)`,
      )
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

function run(main: string, words: readonly string[]): { readonly ms: number; readonly peakKib: number } {
  const began = performance.now()
  const { stderr, status } = spawnSync(RUNPROOF, ['nginx', 'check', main, '--no-nginx', ...words], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    env: { ...process.env, NODE_OPTIONS: TELL_PEAK },
  })
  const ms = performance.now() - began
  const peakKib = Number(/^peak (\d+)$/m.exec(stderr)?.[1])
  // What is found in these servers makes it 1; that it was judged is what counts here.
  if (status !== 1 || Number.isNaN(peakKib)) throw new Error(`exited with ${status}: ${stderr}`)
  return { ms, peakKib }
}

/** @returns the size of all files together */
function write(scratch: string, main: string): number {
  mkdirSync(join(scratch, 'conf.d'))
  let bytes = 0
  const put = (path: string, text: string) => {
    writeFileSync(path, text)
    bytes += text.length
  }
  const linesEach = LINES / INCLUDES - 1
  const includes: string[] = []
  for (let index = 0; index < INCLUDES; index++) {
    const name = `conf.d/site-${String(index).padStart(3, '0')}.conf`
    put(join(scratch, name), site(index, linesEach))
    includes.push(`  include ${name};`)
  }
  put(main, `events {\n}\nhttp {\n${includes.join('\n')}\n}\n`)
  return bytes
}

function site(index: number, lines: number): string {
  const head = [
    '# one of many',
    'server {',
    '  listen 127.0.0.1:8443 ssl;',
    `  server_name site-${index}.example.org;`,
    '  location /v1/ {',
  ]
  const tail = ['  }', '}']
  const settings = [
    `    proxy_pass http://127.0.0.1:${9000 + index};`,
    '    proxy_http_version 1.1;',
    '    proxy_buffering off;',
    '    proxy_read_timeout 1h;',
    '    client_max_body_size 8m;',
  ]
  const headers = Array.from(
    { length: lines - head.length - settings.length - tail.length },
    (_, number) => `    proxy_set_header X-Header-${number} "$host ${number}";`,
  )
  return [...head, ...settings, ...headers, ...tail, ''].join('\n')
}
