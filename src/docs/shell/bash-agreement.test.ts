import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { literal } from '../command.ts'
import { type ReadScript, readScript } from './read-script.ts'

const hasBash = spawnSync('bash', ['-c', 'true']).status === 0
const skip = hasBash ? false : 'this machine has no bash'

function readBash(text: string): ReadScript {
  return readScript({ file: 'a.md', text, segments: [{ offset: 0, line: 1, column: 1 }] }, false, new Set())
}

/** Runs one bash over all texts; it is told apart by NUL, which no script has. */
function askBash(script: string, input: string): string {
  const options = {
    input,
    encoding: 'utf8',
    maxBuffer: 2 ** 24,
    timeout: 60_000,
    env: { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8' },
  } as const
  const { status, stdout } = spawnSync('bash', ['--norc', '-c', script], options)
  assert.equal(status, 0)
  return stdout
}

const WHOLE = [
  'tool a',
  'tool a "b c" \'d e\' f\\ g',
  'tool a && tool b || tool c; tool d &',
  'tool a | tool b |& tool c',
  '! tool a',
  'time tool a | tool b',
  'A=1 B="x y" tool a',
  'export A=1 B=2',
  'a=(1 2 "3 4")',
  'a+=(x); a[1]=y',
  'tool < in > out 2>&1 >> log &> both',
  'tool <<< "x y"',
  'tool <<E\nx $y\nE',
  "tool <<'E'\nit's $x\nE\ntool b",
  'tool <<-E\n\tx\n\tE',
  'tool <<A <<B\na\nA\nb\nB',
  'for i in a b; do tool "$i"; done',
  'for ((i = 0; i < 3; i++)); do tool "$i"; done',
  'for i; do tool; done',
  'while read -r x; do tool "$x"; done < list',
  'until tool; do sleep 1; done',
  'if tool a; then tool b; elif tool c; then tool d; else tool e; fi',
  'if [ -f a ] && [[ -n "$b" ]]; then tool; fi',
  'case $x in a | b) tool a ;; (c) tool c ;& *) tool ;; esac',
  'select x in a b; do tool "$x"; break; done',
  'f() { tool a; }',
  'function g { tool a; }',
  'f() ( tool a )',
  '( cd x && tool a )',
  '{ tool a; tool b; } > out',
  'tool $(tool b "$(tool c)")',
  'tool `tool b`',
  'tool <(tool a) >(tool b)',
  'tool $((1 + 2 * (3 - x)))',
  '(( x = 1 ))',
  'let x=1',
  `tool "\${a:-b}" \${#a} \${a%.*} \${a//x/y} \${a[@]}`,
  '[[ $a == b* && ! ( -z $c || $d =~ ^x+$ ) ]]',
  'tool \\\n  --a \\\n  --b',
  '# only a comment',
  '',
  'tool # it\'s a comment\ntool "b"',
  'tool $\'a\\nb\' $"c"',
  'tool *.x [ab]? {a,b} {1..3}',
  'coproc tool a',
  'tool a;\n\n\ntool b',
  'trap \'tool "x"\' EXIT',
  'set -euo pipefail',
  'tool -- -x --y=z',
  'x=$(cat <<E\na\nE\n)',
  'tool a | while read -r x; do echo "$x"; done | sort',
  'f() { local a=1; case "$1" in -h) echo help; return;; esac; tool "$@"; }; f',
  'if ! tool; then exit 1; fi',
  'tool 3>&1 1>&2 2>&3',
  '[ "$a" = b ] && tool',
  'tool a\\\nb',
  'echo "a $(tool "b c") d"',
  "echo 'a' \"b\"'c'",
]

/** What the parser takes and bash does not: a descriptor for a file, and a negation of nothing. */
const LENIENT = ['tool < in > 2>&1 >> log &> both', 'if ! then exit 1; fi']

/** Cut short and with a word left out, so that about half of them are broken. */
function variants(script: string): string[] {
  const words = script.split(/(?<=\s)/)
  const cut = [0.3, 0.6, 0.85].map(part => script.slice(0, Math.floor(script.length * part)))
  const without = words.length > 2 ? words.map((_, index) => words.toSpliced(index, 1).join('')) : []
  return [script, ...cut, ...without.slice(0, 5)]
}

describe('reading shell', { skip }, () => {
  test('takes what bash takes and finds a mistake where bash does', () => {
    const scripts = [...new Set(WHOLE.flatMap(variants))]
    assert.ok(scripts.length >= 150, `only ${scripts.length} scripts`)
    // A test without an operator is complained of with status 0; a here-document without an end is only warned of.
    const told = askBash(
      `while IFS= read -r -d '' script; do
         if said=$(printf '%s' "$script" | bash -n 2>&1) && [[ -z "$said" || "$said" == *warning:* ]]; then echo 1; else echo 0; fi
       done`,
      scripts.map(script => `${script}\0`).join(''),
    )
    const bash = told
      .trim()
      .split('\n')
      .map(answer => answer === '1')
    const ours = scripts.map(script => readBash(script).problems.every(({ typo }) => typo))
    assert.deepEqual(
      scripts.filter((_, index) => bash[index] && !ours[index]),
      [],
      'a mistake is found where there is none',
    )
    assert.deepEqual(
      scripts.filter((_, index) => !bash[index] && ours[index]),
      LENIENT,
    )
    const taken = bash.filter(Boolean).length
    assert.ok(taken > 50 && bash.length - taken > 50, `${taken} of ${bash.length} are taken`)
  })

  test('gives a program the words that bash gives it', () => {
    const plain = fc.string({ unit: fc.constantFrom(...'abz09-_=:,./@%+é😀'), minLength: 1, maxLength: 5 })
    const inner = (more: string) => fc.string({ unit: fc.constantFrom(...`ab -=|;&()#*?~'!,.${more}`), maxLength: 6 })
    const piece = fc.oneof(
      plain,
      inner('"$`\\').map(text => `'${text.replaceAll("'", '')}'`),
      inner('').map(text => `"${text.replaceAll('!', '')}"`),
      fc.constantFrom(
        '"a\\"b"',
        '"\\\\"',
        '"\\$x"',
        '"\\`"',
        '"\\a"',
        "$'\\n\\t\\'\\\\'",
        "$'\\x41\\u00e9\\101'",
        "\\'",
        '\\"',
        '\\ ',
        '\\$',
        '\\|',
        '\\#',
        '\\\n',
      ),
    )
    const word = fc.array(piece, { minLength: 1, maxLength: 3 }).map(pieces => pieces.join(''))
    const line = fc.array(word, { minLength: 1, maxLength: 5 }).map(words => `P x ${words.join(' ')}`)
    // Three dots are a placeholder, and so is nothing else that is made here.
    const lines = fc.array(
      line.filter(text => !text.includes('...')),
      { minLength: 150, maxLength: 150 },
    )
    fc.assert(
      fc.property(lines, given => {
        const script = `P() { printf '%s\\0' "$#" "$@"; }\nset -f +H\n${given.join('\n')}\n`
        const told = askBash(script, '').split('\0').slice(0, -1)
        for (const text of given) {
          const count = Number(told.shift())
          const expected = told.splice(0, count)
          const [command] = readBash(text).commands
          assert.deepEqual(command?.words.slice(1).map(literal), expected, text)
        }
        assert.deepEqual(told, [])
      }),
      { numRuns: 4 },
    )
  })
})
