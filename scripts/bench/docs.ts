// A thousand pages with ten thousand commands, checked by the command on one core against a saved tree; whether twice the
// pages take twice the time; and the tree of a program with 400 commands, asked for the first time and known by its digest.
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { median } from './median.ts'

const GROUPS = 20
const COMMANDS_EACH = 20
const PAGES = [250, 500, 1000, 2000]
const COMMANDS_A_PAGE = 10
const ROUNDS = 5
const NAME = 'deployctl'

const RUNPROOF = join(import.meta.dirname, '..', '..', 'bin', 'runproof')
/** Each process writes what it took, where the command writes nothing: memory at most in KiB, time of the core in µs. */
const TELL_PEAK = `--import=data:text/javascript,process.on('exit',()=>{const{maxRSS:m,userCPUTime:u,systemCPUTime:s}=process.resourceUsage();process._rawDebug('peak',m,'core',u+s)})`
const ONE_CORE = spawnSync('taskset', ['--version']).status === 0 ? ['taskset', '-c', '0'] : []

const FOOT = `      --output <OUTPUT>  [possible values: json, text]
  -h, --help             Print help
`

const list = (prefix: string, count: number): string =>
  Array.from({ length: count }, (_, index) => `  ${prefix}-${index}   Does what number ${index} does\n`).join('') +
  '  help   Print this message or the help of the given subcommand(s)\n'

/** Help of the program, of a group and of a command, `%1` and `%2` for their names. */
const HELP = [
  `Deploys services\n\nUsage: ${NAME} [OPTIONS] <COMMAND>\n\nCommands:\n${list('group', GROUPS)}\nOptions:\n${FOOT}`,
  `Everything about %1\n\nUsage: ${NAME} %1 [OPTIONS] <COMMAND>\n\nCommands:\n${list('command', COMMANDS_EACH)}\nOptions:\n${FOOT}`,
  `Does what %2 does\n\nUsage: ${NAME} %1 %2 [OPTIONS] <ID>\n\nArguments:\n  <ID>  What to do it to\n\nOptions:\n      --limit <LIMIT>    How many at most\n      --wait             Until it is done\n${FOOT}`,
] as const

const say = (line: string) => process.stdout.write(`  ${line}\n`)
const scratch = mkdtempSync(join(tmpdir(), 'bench-docs-'))
try {
  const tree = askProgram()
  checkPages(tree)
} finally {
  rmSync(scratch, { recursive: true, force: true })
}

/** @returns the file of its tree */
function askProgram(): string {
  const program = helpfulProgram()
  const file = join(scratch, 'tree.json')
  const page = join(scratch, 'one.md')
  writeFileSync(page, `\`\`\`sh\n${NAME} ${commandLine(0)}\n\`\`\`\n`)
  const cache = join(scratch, 'cache')
  const ask = () => run(['docs', 'check', page, '--binary', program], cache).ms
  const cold = Array.from({ length: 3 }, () => {
    rmSync(cache, { recursive: true, force: true })
    return ask()
  })
  const often = (words: readonly string[]) => median(Array.from({ length: ROUNDS }, () => run(words, cache).ms))
  const known = often(['docs', 'check', page, '--binary', program])
  run(['docs', 'tree', '--binary', program, '--output', file], cache)
  const saved = often(['docs', 'check', page, '--tree', file])
  const nothing = often(['--version'])
  say(
    `a program of ${GROUPS * COMMANDS_EACH} commands and a page: asked in ${median(cold).toFixed(0)} ms (target 10 000 ms)`,
  )
  say(
    `known by its digest: ${known.toFixed(0)} ms, where a saved tree is ${saved.toFixed(0)} ms and the version of runproof ${nothing.toFixed(0)} ms`,
  )
  say(`the tree itself, cached: ${(known - saved).toFixed(0)} ms more than saved (target 50 ms)`)
  return file
}

function checkPages(tree: string): void {
  const first: { pages: number; ms: number }[] = []
  for (const pages of PAGES) {
    const folder = join(scratch, `pages-${pages}`)
    const bytes = writePages(folder, pages)
    const words = ['docs', 'check', folder, '--tree', tree, '--program', NAME, '--root', folder]
    const runs = Array.from({ length: pages > 1000 ? 3 : ROUNDS }, () => run(words, scratch, pages * COMMANDS_A_PAGE))
    const ms = median(runs.map(one => one.ms))
    const peak = Math.max(...runs.map(one => one.peakKib)) / 1024
    const target = pages === 1000 ? ' (targets 2000 ms, 300 MiB)' : ''
    say(
      `${pages} pages, ${pages * COMMANDS_A_PAGE} commands, ${(bytes / 1024 ** 2).toFixed(1)} MiB: ${ms.toFixed(0)} ms, ${median(runs.map(one => one.coreMs)).toFixed(0)} ms of the core, peak ${peak.toFixed(0)} MiB${target}`,
    )
    first.push({ pages, ms })
    rmSync(folder, { recursive: true })
  }
  const [small, large] = [first.at(0)!, first.at(-1)!]
  const each = (large.ms - small.ms) / (large.pages - small.pages)
  say(`${each.toFixed(2)} ms for each further page, ${ONE_CORE.length > 0 ? 'on one core' : 'on all cores'}`)
}

/** @param judged - how many commands have to have been judged */
function run(
  words: readonly string[],
  cache: string,
  judged?: number,
): { readonly ms: number; readonly coreMs: number; readonly peakKib: number } {
  const [program, ...before] = [...ONE_CORE, RUNPROOF]
  const began = performance.now()
  const { stdout, stderr, status } = spawnSync(
    program!,
    [...before, ...words, ...(judged === undefined ? [] : ['--no-config'])],
    {
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
      env: { ...process.env, NODE_OPTIONS: TELL_PEAK, XDG_CACHE_HOME: cache },
    },
  )
  const ms = performance.now() - began
  const [, peak, core] = /^peak (\d+) core (\d+)$/m.exec(stderr) ?? []
  const [peakKib, coreMs] = [Number(peak), Number(core) / 1000]
  if (status !== 0 || Number.isNaN(peakKib)) throw new Error(`exited with ${status}: ${stderr}${stdout.slice(0, 2000)}`)
  if (judged !== undefined && !stdout.includes(`${judged} judged`))
    throw new Error(`not ${judged} commands were judged: ${stdout.slice(-2000)}`)
  return { ms, coreMs, peakKib }
}

/** @returns the size of all pages */
function writePages(folder: string, count: number): number {
  mkdirSync(folder)
  let bytes = 0
  for (let index = 0; index < count; index++) {
    const text = page(index)
    writeFileSync(join(folder, `page-${index}.md`), text)
    bytes += Buffer.byteLength(text)
  }
  return bytes
}

/** A page as operators have them: fences, a session with output, a list, a table and prose around them. */
function page(index: number): string {
  const line = (at: number) => commandLine(index * COMMANDS_A_PAGE + at)
  const prose =
    'What this does to the service is told by the dashboard within a minute; wait for it before going on, and keep the output. '
  return `---
title: Page ${index}
program: ${NAME}
---

# Procedure ${index}

${prose.repeat(3)}

## Before

\`\`\`bash
# what there is
${NAME} ${line(0)}
${NAME} ${line(1)} \\
  --output json | jq -r '.items[].id' > before.txt
KEY=value ${NAME} ${line(2)} && ${NAME} ${line(3)}
\`\`\`

${prose.repeat(2)}

\`\`\`console
$ ${NAME} ${line(4)}
ID        STATE    AGE
item-1    ready    3 m
$ ${NAME} ${line(5)}
done
\`\`\`

## Then

1. Look at \`${NAME} ${line(6)}\`, see [the page before](page-${Math.max(0, index - 1)}.md).
2. ${prose}
   - Run \`${NAME} ${line(7)}\` when nothing else helped.

| when | run | why |
| --- | --- | --- |
| at once | \`${NAME} ${line(8)}\` | ${prose}|
| later | \`${NAME} ${line(9)}\` | ${prose}|

${prose.repeat(4)}
`
}

function commandLine(number: number): string {
  const group = number % GROUPS
  const command = Math.floor(number / GROUPS) % COMMANDS_EACH
  const values = number % 3 === 0 ? ' --limit 5' : number % 3 === 1 ? ' --wait' : ''
  return `group-${group} command-${command} <id>${values}`
}

/**
 * Answers like a program made with clap. A native one, as only those are known by their digest again; where there is no
 * compiler, a script, which is asked each time.
 */
function helpfulProgram(): string {
  const program = join(scratch, NAME)
  const source = join(scratch, 'program.c')
  writeFileSync(source, nativeProgram())
  if (spawnSync('cc', ['-O1', '-o', program, source]).status === 0) return program
  say('this machine has no C compiler: the program is a script, which is asked each time')
  writeFileSync(program, `#!/bin/sh\n${scriptProgram()}`)
  chmodSync(program, 0o755)
  return program
}

function nativeProgram(): string {
  const literal = (text: string) => JSON.stringify(text)
  return `#include <stdio.h>
#include <string.h>
static const char *help[] = { ${HELP.map(literal).join(', ')} };
int main(int argc, char **argv) {
  const char *names[3] = { "", "", "" };
  int depth = 0, asked = 0;
  for (int i = 1; i < argc; i++) {
    if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h") || !strcmp(argv[i], "help")) asked = 1;
    else if (argv[i][0] != '-' && depth < 2) names[++depth] = argv[i];
    else return 2;
  }
  if (!asked) return 2;
  if (depth > 0 && strncmp(names[1], "group-", 6)) return 2;
  if (depth > 1 && strncmp(names[2], "command-", 8)) return 2;
  for (const char *at = help[depth]; *at; at++)
    if (*at == '%') fputs(names[*++at - '0'], stdout);
    else putchar(*at);
  return 0;
}
`
}

function scriptProgram(): string {
  return `depth=0 asked= one= two=
for word; do
  case $word in
  --help | -h | help) asked=1 ;;
  group-*) depth=1 one=$word ;;
  command-*) depth=2 two=$word ;;
  *) exit 2 ;;
  esac
done
[ "$asked" ] || exit 2
case $depth in
${HELP.map((text, depth) => `${depth}) cat <<END\n${text.replaceAll('%1', '$one').replaceAll('%2', '$two')}END\n;;`).join('\n')}
esac
`
}
