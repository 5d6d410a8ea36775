import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readPage } from '../page/read-page.ts'
import { readSnippet } from '../shell/read-snippet.ts'
import { checkJsonPaths } from './check-json-paths.ts'
import type { JsonDocument } from './json-document.ts'

const SAMPLE: JsonDocument = {
  name: 'status',
  form: 'sample',
  value: {
    ready: true,
    health: { ok: true, warnings: [] },
    readiness: { error_count: 0, routes: [{ id: 'a' }, { id: 'b', auth_ref: 'x' }] },
    runs: { queued: 0, oldest_age_ms: 1 },
    extra: {},
    last: null,
    'x-rev': { 'a b': 1 },
  },
}

const SCHEMA: JsonDocument = {
  name: 'status',
  form: 'schema',
  value: {
    $defs: {
      route: { type: 'object', properties: { id: { type: 'string' }, next: { $ref: '#/$defs/route' } } },
      'a/b': { properties: { deep: {} } },
    },
    type: 'object',
    properties: {
      ready: { type: 'boolean' },
      health: { allOf: [{ properties: { ok: { type: 'boolean' } } }, { properties: { warnings: { type: 'array' } } }] },
      readiness: {
        properties: { error_count: { type: 'integer' }, routes: { type: 'array', items: { $ref: '#/$defs/route' } } },
      },
      runs: { oneOf: [{ properties: { queued: { type: 'integer' } } }, { properties: { none: { const: true } } }] },
      extra: { type: 'object' },
      last: { $ref: '#/$defs/a~1b' },
      far: { $ref: 'https://example.org/x' },
      loop: { $ref: '#/properties/loop' },
      map: { additionalProperties: { properties: { n: {} } } },
      open: { properties: { a: {} }, additionalProperties: true },
      pattern: { patternProperties: { '^x_': { type: 'object', properties: { y: {} } } } },
      closed: { properties: { a: {} }, additionalProperties: false },
      pair: { prefixItems: [{ properties: { left: {} } }] },
    },
  },
}

function check(text: string, documents: readonly JsonDocument[]) {
  const page = readPage('a.md', Buffer.from(text))
  const commands = page.snippets.flatMap(snippet => readSnippet('a.md', snippet, new Set(['daemon'])).commands)
  return checkJsonPaths(page, commands, documents)
}

/** What became of a path: `there`, `open`, `foreign`, `nothing`, or what is wrong with it. */
function fate(text: string, ...documents: readonly JsonDocument[]): string {
  const { judged, findings, unjudged } = check(text, documents)
  if (findings.length > 0)
    return findings
      .map(({ message, suggestion }) => (suggestion === undefined ? message : `${message} -> ${suggestion}`))
      .join('; ')
  if (unjudged.some(({ why }) => why.startsWith('the schema or sample does not say'))) return 'open'
  if (unjudged.some(({ why }) => why.startsWith('its first member'))) return 'foreign'
  if (unjudged.length > 0) return 'unjudged'
  return judged > 0 ? 'there' : 'nothing'
}

describe('a JSON path in prose', () => {
  const both: readonly (readonly [path: string, fate: string])[] = [
    ['.ready', 'there'],
    ['.health.ok', 'there'],
    ['.readiness.routes[]', 'there'],
    ['.readiness.routes[].id', 'there'],
    ['.readiness.routes[0].id', 'there'],
    ['.readiness.routes.id', 'there'],
    ['status.health.ok', 'there'],
    ['health.ok', 'there'],
    ['GET /v1/status .health.ok', 'there'],
    ['.health.ok == true', 'there'],
    ['.["health"].ok', 'there'],
    ['.health.okk', '.health of status has no member okk -> .health.ok'],
    ['.healt.ok', 'status has no member healt -> .health.ok'],
    ['.healt', 'status has no member healt -> .health'],
    ['.health.missing_thing', '.health of status has no member missing_thing'],
    ['.ready.ok', '.ready of status has no member ok'],
    ['.readiness.routes[].idd', '.readiness.routes[] of status has no member idd -> .readiness.routes[].id'],
    ['.health.ok[]', '.health.ok of status is no list'],
    ['status.health.okk', 'status.health of status has no member okk -> status.health.ok'],
    ['status.healht.ok', 'status has no member healht -> status.health.ok'],
    ['health.okk', 'health of status has no member okk -> health.ok'],
    ['.extra.anything', 'open'],
    ['.other_view.items[]', 'foreign'],
    ['.other', 'nothing'],
    ['.env', 'nothing'],
    ['.tar.gz', 'nothing'],
    ['.runs', 'there'],
    ['health.md', 'nothing'],
    ['example.org', 'nothing'],
    ['find . -name .health', 'nothing'],
    ['.readiness.routes[] | .id', 'there'],
    ['.[]', 'nothing'],
    ['...', 'nothing'],
    ['.', 'nothing'],
  ]
  for (const [path, expected] of both)
    test(`\`${path}\` is ${expected}`, () => {
      assert.equal(fate(`It is \`${path}\`.`, SAMPLE), expected, 'by the sample')
      assert.equal(fate(`It is \`${path}\`.`, SCHEMA), expected, 'by the schema')
    })

  const schema: readonly (readonly [path: string, fate: string])[] = [
    ['.runs.none', 'there'],
    ['.runs.done', '.runs of status has no member done -> .runs.none'],
    ['.readiness.routes[].next.next.id', 'there'],
    [
      '.readiness.routes[].next.nxt',
      '.readiness.routes[].next of status has no member nxt -> .readiness.routes[].next.next',
    ],
    ['.last.deep', 'there'],
    ['.last.depp', '.last of status has no member depp -> .last.deep'],
    ['.far.x', 'open'],
    ['.map.any.n', 'there'],
    ['.map.any.m', '.map.any of status has no member m -> .map.any.n'],
    ['.open.b', 'open'],
    ['.pattern.x_1.y', 'there'],
    ['.pattern.x_1.z', '.pattern.x_1 of status has no member z -> .pattern.x_1.y'],
    ['.closed.b', '.closed of status has no member b -> .closed.a'],
    ['.pair[0].left', 'there'],
    ['.health.warnings[].code', 'open'],
  ]
  for (const [path, expected] of schema)
    test(`\`${path}\` is ${expected}, by a schema`, () => assert.equal(fate(`\`${path}\``, SCHEMA), expected))

  test('that begins with the items of some list is not held against the list at hand', () => {
    const runs: JsonDocument = { name: 'runs', form: 'sample', value: [{ run_id: 'r', state: 'done' }] }
    assert.deepEqual(
      ['`.[].run_id`', '`.[0].runn_id`', '`.["run_id"]`'].map(text => fate(text, runs)),
      ['there', 'unjudged', 'there'],
    )
    const jq = (command: string) => fate(`\`\`\`sh\n${command}\n\`\`\`\n`, runs)
    assert.equal(jq("jq '.[].runn_id'"), 'unjudged')
    assert.equal(jq("jq '.[].runn_id' runs.json"), '.[] of runs has no member runn_id -> .[].run_id')
    assert.equal(jq("tool runs | jq '.[].runn_id'"), '.[] of runs has no member runn_id -> .[].run_id')
  })

  test('is there when one of several documents has it', () => {
    const other: JsonDocument = { name: 'run', form: 'sample', value: { run_id: 'r', view: { a: 1 } } }
    assert.equal(fate('`.view.a` `.health.ok`', SAMPLE, other), 'there')
    assert.equal(fate('`.view.b`', SAMPLE, other), '.view of run has no member b -> .view.a')
  })

  test('that leads nowhere in a circle of references says nothing', () => {
    assert.match(fate('`.loop.a`', SCHEMA), /^open$|no member a/)
  })

  test('is unjudged and told without a document', () => {
    const { unjudged, judged } = check('`.health.ok`, `.env`, `.d.ts` and `health.ok`', [])
    assert.equal(judged, 0)
    assert.deepEqual(
      unjudged.map(({ source, why }) => [source, why]),
      [['.health.ok', 'no schema or sample is given to look the path up in']],
    )
  })

  test('is placed where it stands', () => {
    const [finding] = check('a\n\n- see `GET /v1/status .health.okk` there', [SAMPLE]).findings
    assert.deepEqual(finding!.at, { file: 'a.md', line: 3, column: 23, endLine: 3, endColumn: 34 })
  })
})

describe('a program of jq', () => {
  const cases: readonly (readonly [command: string, fate: string])[] = [
    ["jq -r '.health.ok' status.json", 'there'],
    ["daemon status | jq -e '.health.ok == true and .ready'", 'there'],
    ["jq -e '.health.ok and .redy' < out/status.json", 'status has no member redy -> .ready'],
    ['jq \'.readiness.routes[] | select(.id == "a") | .auth_ref\'', 'there'],
    ["jq '.readiness.routes[] | .idd'", '.idd'],
    ["jq '.readiness | .routes | map(.id)'", 'there'],
    ["jq '.readiness.routes | map(select(.idd))'", '.idd'],
    [
      "jq '.readiness.routes.id'",
      '.readiness.routes of status is a list, id is a member of its items -> .readiness.routes[].id',
    ],
    ["jq '{a: .health.okk, b: [.runs.queued]}'", '.health of status has no member okk -> .health.ok'],
    ["jq '.runs.queued // 0 | . + 1'", 'unjudged'],
    ['jq \'"\\(.a.b) x"\'', 'unjudged'],
    ["jq '.runs as $r | $r.x'", 'unjudged'],
    ["jq --arg x 1 -r '.health.okk'", '.health of status has no member okk -> .health.ok'],
    ['jq .health.okk', '.health of status has no member okk -> .health.ok'],
    ["jq -n '.health.okk'", 'unjudged'],
    ["jq -s '.[0].health.okk'", 'unjudged'],
    ['jq "$PROGRAM"', 'unjudged'],
    ["jq '.items[].x'", 'foreign'],
    ['jq .', 'nothing'],
    ["jq '.x_rev' status.json", 'status has no member x_rev -> .["x-rev"]'],
    ['jq \'.["runs"]["queud"]\'', '.["runs"] of status has no member queud -> .["runs"].queued'],
    ['jq \'.["x-rev"]["a b"]\'', 'there'],
    ["jq '.. | .idd?'", 'unjudged'],
    ["jq '.health.ok # .no\n'", 'there'],
    ["jq '.health.okk' runs.json", 'unjudged'],
    ["jq '.[].run_id' runs.json", 'unjudged'],
    ["jq '.health.okk' < runs.json", 'unjudged'],
    ["jq '.[].run_id'", 'open'],
    ["jq '.[].run_id' status.json", 'open'],
    ['jq .elsewhere status-before.json', 'status has no member elsewhere'],
    ['jq .elsewhere statuses.json', 'unjudged'],
    ['jq .elsewhere "$FILE"', 'foreign'],
    ['daemon status --output json | jq .elsewhere', 'status has no member elsewhere'],
    ['daemon status |\n  jq .elsewhere', 'status has no member elsewhere'],
    ['daemon runs list | jq .elsewhere', 'foreign'],
    ['daemon runs list | jq .redy', 'unjudged'],
    ['daemon runs list | jq .health.elsewhere', 'unjudged'],
    ['daemon runs list | jq .health.okk', '.health of status has no member okk -> .health.ok'],
    ['daemon status > status.json; jq .elsewhere --arg a b status.json', 'status has no member elsewhere'],
    ['daemon status; daemon runs | jq .elsewhere', 'foreign'],
    ['daemon status\n\n\njq .elsewhere <<EOF\n{}\nEOF', 'foreign'],
  ]
  for (const [command, expected] of cases)
    test(`${JSON.stringify(command)} is ${expected}`, () => {
      const found = fate(`\`\`\`sh\n${command}\n\`\`\`\n`, SAMPLE)
      if (expected.startsWith('.idd')) assert.match(found, /has no member idd -> \.id$/)
      else assert.equal(found, expected)
    })

  test('is placed at the path in it', () => {
    const [finding] = check("```sh\ndaemon x | jq -e '.ready and .health.okk'\n```\n", [SAMPLE]).findings
    assert.deepEqual(finding!.at, { file: 'a.md', line: 2, column: 30, endLine: 2, endColumn: 41 })
    assert.equal(finding!.suggestion, '.health.ok')
  })

  test('is read to its end, whatever it is', () => {
    for (const program of [
      '((((',
      '"\\(',
      '[{(',
      '))))',
      '.a[',
      '|||',
      '$',
      '."',
      '('.repeat(10_000),
      '.a'.repeat(10_000),
    ])
      check(`\`\`\`sh\njq '${program}'\n\`\`\`\n`, [SAMPLE])
  })
})
