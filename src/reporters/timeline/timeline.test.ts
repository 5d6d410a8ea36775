import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { micromark } from 'micromark'
import { gfmTable, gfmTableHtml } from 'micromark-extension-gfm-table'
import { FIRST_PREV, journalLine, lineHash, verifyJournal } from '../../evidence/journal.ts'
import { escapeMarkdown } from '../../model/markdown.ts'
import { oneLine } from '../../model/one-line.ts'
import { timelineMarkdown } from './markdown.ts'
import { timelineOf } from './timeline.ts'

type Event = readonly [type: string, data: Record<string, unknown>, at?: number]

const START = Date.parse('2026-01-31T02:10:00.000Z')
const BEGIN: Event = [
  'run-started',
  {
    runId: 'contain-1',
    runbook: 'contain',
    target: 'a',
    steps: ['look', 'cut'],
    operator: 'ada',
    roles: { comms: 'bob' },
  },
]

/** A journal as it is read back; events are a second apart unless they say when. */
function journal(...events: readonly Event[]) {
  let prev = FIRST_PREV
  const lines = events.map(([type, data, at = 0], seq) => {
    const record = { seq, at: new Date(START + (at || seq * 1000)).toISOString(), monotonicMs: seq, type, data, prev }
    const line = journalLine(record as never)
    prev = lineHash(line)
    return `${line}\n`
  })
  return verifyJournal(lines.join(''))
}

/** The same without the cost of a chain. */
function unchained(events: readonly Event[]) {
  const records = events.map(([type, data], seq) => {
    const at = new Date(START + seq * 1000).toISOString()
    return { seq, at, monotonicMs: seq, type, data, prev: FIRST_PREV } as never
  })
  return { records, lastHash: FIRST_PREV, tornBytes: 0 }
}

const unsealed = (...events: readonly Event[]) => timelineOf(journal(BEGIN, ...events), { state: 'unsealed' })
const html = (markdown: string): string =>
  micromark(markdown, { extensions: [gfmTable()], htmlExtensions: [gfmTableHtml()], allowDangerousHtml: true })
const validate = new Ajv2020().compile(
  JSON.parse(readFileSync(path.resolve(import.meta.dirname, '../../../reports/schema/timeline-1.json'), 'utf8')),
)

describe('a timeline', () => {
  test('has everything that people and steps did, and who held the run then', () => {
    const timeline = unsealed(
      ['approval-asked', { step: 'cut', rule: 'default.write', of: 'ada', deadlineAt: 'soon' }],
      ['approval-answered', { step: 'cut', granted: true, by: 'ada', reason: 'it is the leak' }],
      [
        'step-started',
        { step: 'cut', title: 'Cut it', effect: 'write', role: 'operator', decision: { rule: 'default.write' } },
      ],
      ['command', { step: 'cut', command: 'client cut <id>' }],
      ['check', { step: 'cut', check: 'gone', outcome: 'passed', title: 'it is gone' }],
      ['counterproof', { step: 'cut', check: 'gone', counterproof: 'still', outcome: 'red', said: 'it is there' }],
      ['check', { step: 'cut', check: 'quiet', outcome: 'failed', title: 'it is quiet', reason: 'it talks' }],
      ['captured', { step: 'cut', capture: 'big', value: 'x'.repeat(9999) }],
      ['step-ended', { step: 'cut', outcome: 'failed', reason: 'it talks' }],
      ['note', { by: 'ada', role: 'operator', text: 'called the provider', step: 'tell' }],
      ['handover', { from: 'ada', to: 'eve', by: 'ada' }],
      ['snapshot', { by: 'eve', path: 'artifacts/snapshot-1' }],
      [
        'attested',
        { step: 'tell', by: 'bob', role: 'comms', statement: 'told', attachment: { path: 'a', sha256: 'b' } },
      ],
      ['run-broken', { runId: 'contain-1', kind: 'died', lastRecordAt: 'then' }],
      ['run-resumed', { runId: 'contain-2', from: 'contain-1', by: 'mia', host: 'there' }],
      ['flux', { by: 'mia' }],
      ['stopped', { nobody: true, step: 'tell' }],
      ['run-ended', { outcome: 'failed' }],
    )
    assert.deepEqual(
      timeline.entries.map(({ record, type, by, role, operator, text }) =>
        [record, type, by ?? '', role ?? '', operator, text].join(' | '),
      ),
      [
        '0 | run-started | ada |  | ada | contain on a begins as contain-1; roles comms is bob; steps look, cut',
        '1 | approval-asked |  |  | ada | ada is asked to approve; rule default.write; until soon',
        '2 | approval-answered | ada |  | ada | approved; it is the leak',
        '3 | step-started |  | operator | ada | begins (write); Cut it; rule default.write',
        '4 | command |  |  | ada | runs client cut <id>',
        '7 | check |  |  | ada | check quiet: failed; it is quiet; it talks',
        '9 | step-ended |  |  | ada | ends: failed; it talks (1 command, 1 check passed, 1 counterproof red)',
        '10 | note | ada | operator | ada | notes: called the provider',
        '11 | handover | ada |  | eve | ada hands the run over to eve',
        '12 | snapshot | eve |  | eve | evidence is collected into artifacts/snapshot-1',
        '13 | attested | bob | comms | eve | attests: told; attached a (sha256 b)',
        '14 | run-broken |  |  | eve | contain-1 broke off (died); its last record is of then',
        '15 | run-resumed | mia |  | mia | goes on with contain-1 as contain-2, on there',
        '16 | flux | mia |  | mia | a record that this version does not know',
        '17 | stopped |  |  | mia | nobody is at the terminal any more: the run stops',
        '18 | run-ended |  |  | mia | the run ends: failed',
      ],
    )
    assert.deepEqual(
      [timeline.runId, timeline.outcome, timeline.entries[1]!.at],
      ['contain-2', 'failed', '2026-01-31T02:10:01.000Z'],
    )
    assert.ok(validate(timeline), JSON.stringify(validate.errors))
    assert.ok(!validate({ ...timeline, more: 1 }), 'the schema is closed')
    assert.ok(!validate({ ...timeline, entries: [{ ...timeline.entries[0], more: 1 }] }), 'and so are its entries')
  })

  test('tells where the wall clock went back, also at a record that it only counts', () => {
    const timeline = unsealed(
      ['note', { by: 'ada', text: 'one' }, 5000],
      ['told', { fact: 'a', value: 1 }, 2000],
      ['note', { by: 'ada', text: 'two' }, 2500],
    )
    assert.equal(timeline.clockWentBack, 1)
    assert.deepEqual(
      timeline.entries.map(({ record, clockBackMs }) => [record, clockBackMs]),
      [
        [0, undefined],
        [1, undefined],
        [2, 3000],
        [3, undefined],
      ],
    )
    assert.match(timelineMarkdown(timeline), /the clock went back 3000 ms/)
    assert.ok(validate(timeline))
  })

  test('keeps its texts back in quarantine, unless somebody says which values to take out', () => {
    const secret = 'the-secret-of-it'
    const events: Event[] = [BEGIN, ['note', { by: 'ada', text: `it is ${secret}` }]]
    const kept = timelineOf(journal(...events), { state: 'quarantined' })
    assert.deepEqual([kept.textsWithheld, kept.entries[1]!.text], [true, '(withheld)'])
    const redact = (text: string): string => text.replaceAll(secret, '[secret it]')
    const taken = timelineOf(journal(...events), { state: 'quarantined', redact })
    assert.deepEqual([taken.textsWithheld, taken.entries[1]!.text], [false, 'notes: it is [secret it]'])
    for (const timeline of [kept, taken]) assert.ok(!timelineMarkdown(timeline).includes(secret))
  })

  test('of a hundred thousand records has every act of a person, and says what it leaves out', () => {
    const many: Event[] = [BEGIN, ['step-started', { step: 'look', title: 'L', effect: 'read' }]]
    while (many.length < 100_000)
      many.push(
        many.length % 1000 === 0
          ? ['note', { by: 'ada', text: 'n'.repeat(100_000 / 50) }]
          : ['command', { step: 'look', command: 'client look' }],
      )
    const timeline = timelineOf(unchained(many), { state: 'unsealed' })
    assert.equal(timeline.entries.filter(({ type }) => type === 'note').length, 99)
    assert.ok(timeline.entries.length < 5000)
    assert.ok(timelineMarkdown(timeline).length < 2_000_000)
    const leftOut = timeline.entries.filter(({ type }) => type === 'left-out')
    assert.match(leftOut[0]!.text, /^\d+ entries are left out, of journal records \d+ to \d+, until 2026-/)
    const counted = leftOut.reduce((sum, { text }) => sum + Number.parseInt(text, 10), 0)
    assert.equal(counted + timeline.entries.length - leftOut.length, 100_000)

    const all = Array.from({ length: 9000 }, (): Event => ['note', { by: 'ada', text: 'n' }])
    const notes = timelineOf(unchained([BEGIN, ...all]), { state: 'unsealed' })
    assert.equal(notes.entries.length, 4001)
    assert.deepEqual([notes.entries[0]!.type, notes.entries.at(-1)!.record], ['run-started', 9000])
    assert.ok(validate(notes) && validate(timeline))
  })

  test('is refused for a journal that does not begin a run', () => {
    assert.throws(() => timelineOf(journal(['note', { text: 'x' }]), { state: 'unsealed' }), { code: 'JOURNAL_BROKEN' })
  })
})

describe('its Markdown', () => {
  const HOSTILE = [
    'a | b || c \\| d',
    '`code` ``x`` ```',
    'one\ntwo\r\nthree\u2028four',
    '<script>alert(1)</script> <!-- c --> &lt; &#124;',
    '*a* _b_ ~~c~~ [x](http://evil.example) ![y](z) <http://a.example>',
    'http://evil.example www.evil.example $x$ | --- | --- |',
    '\u001b[2J\u0007\u0000\u009b31m \u202egnp.exe \u200bzero',
    '\\',
  ]

  test('is one row for each entry whatever anybody wrote, and nothing of it is a mark, an element or a link', () => {
    for (const text of [...HOSTILE, HOSTILE.join(' ')]) {
      const events: Event[] = [
        ['note', { by: text, role: text, step: text, text }],
        ['step-started', { step: text, title: text, effect: text, decision: { rule: text, how: text } }],
        [text || 'x', { by: text }],
      ]
      const markdown = timelineMarkdown(unsealed(...events))
      const made = html(markdown)
      assert.equal(made.match(/<tr>/g)?.length, 5, text)
      assert.equal(made.match(/<td>/g)?.length, 16, text)
      const elements = new Set(made.match(/<\/?[a-z][a-z0-9]*/gi))
      const expected = ['h1', 'ul', 'li', 'table', 'thead', 'tbody', 'tr', 'th', 'td']
      assert.deepEqual(
        [...elements].filter(name => !expected.includes(name.replace(/^<\/?/, ''))),
        [],
        text,
      )
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
      assert.doesNotMatch(markdown, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e\u200b]/, text)
      assert.doesNotMatch(markdown, /:\/\/|www\./i, text)
    }
  })

  test('shows the text itself', () => {
    const plain = 'a | b `c` <d> *e* http://f.example \\&lt;'
    const shown = html(`| x |\n| - |\n| ${escapeMarkdown(plain)} |`)
    assert.match(shown, /<td>a \| b `c` &lt;d&gt; \*e\* http:\/\/f\.example \\&amp;lt;<\/td>/)
  })

  test('cuts a text, and never in the middle of a character', () => {
    assert.equal(oneLine('x'.repeat(400), 400).length, 400)
    assert.equal([...oneLine('😀'.repeat(401), 400)].length, 401)
    assert.ok(oneLine('😀'.repeat(100_000), 400).isWellFormed())
    assert.ok(oneLine('\ud800 half', 400).isWellFormed())
  })
})
