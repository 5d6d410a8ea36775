import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { CTRL_C, CTRL_D, Terminal } from '../terminal.ts'
import { LAUNCHER, Site } from './launch.ts'

const INCIDENT = path.resolve(import.meta.dirname, '../testdata/incident.ts')
const skip = spawnSync('script', ['--version']).status !== 0 && 'needs script(1)'
const KEYS = '? help\n> '

/** A place of its own for each run, and a terminal to conduct it at. */
function conducted(
  words: string,
  given: { readonly env?: NodeJS.ProcessEnv; readonly columns?: number; readonly use?: string } = {},
) {
  const site = new Site()
  const log = path.join(mkdtempSync(path.join(site.root, 'log-')), given.use ?? 'door')
  mkdirSync(log)
  const terminal = new Terminal(`${LAUNCHER} run ${INCIDENT} --param log=${log} ${words}`, {
    env: { ...site.env, TERM: 'dumb', ...given.env },
    cwd: site.root,
    ...(given.columns === undefined ? {} : { columns: given.columns }),
  })
  const journal = () =>
    readFileSync(path.join(site.reports, site.sealed()[0]!, 'journal.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line))
  return { site, terminal, log, journal, closed: () => existsSync(path.join(log, 'closed')) }
}

describe('a run that a person conducts at a terminal', { skip }, () => {
  test('shows each step in plain text, does what is typed, and seals who did what', async () => {
    const token = 'e'.repeat(40)
    const run = conducted('--step --operator ada --role security-owner=bob --secret token=env:TOKEN', {
      env: { TOKEN: token },
    })
    const { terminal, site } = run
    writeFileSync(path.join(site.root, 'keys.txt'), `one, two, and ${token}\n`)

    await terminal.answer(KEYS, 'x\n')
    await terminal.answer(KEYS, 'n\n')
    await terminal.answer('Note (Enter: none): ', 'the door stood open\n')
    await terminal.answer(KEYS, 'e\n')
    await terminal.answer(KEYS, 'r\n')
    await terminal.answer(KEYS, 'h\n')
    await terminal.answer('Who takes over from ada? ', 'eve\n')
    await terminal.answer('Which role? ', '\n')
    await terminal.shows('eve is at this keyboard from here on')
    await terminal.answer(KEYS, 'r\n')
    await terminal.answer('your name', 'eve\n')
    await terminal.answer('your name', 'bob\n')
    await terminal.answer('Is that true? ', 'yes it is\n')
    await terminal.answer('neither yes nor no.\nIs that true? ', 'yes\n')
    await terminal.answer('File to attach', 'nowhere.txt\n')
    await terminal.answer('File to attach', `${site.root}\n`)
    await terminal.answer('File to attach', 'keys.txt\n')
    // Three lines pasted at once answer one question.
    await terminal.answer(KEYS, '?\nr\nr\n')
    await terminal.shows('What was typed before')
    await terminal.answer(KEYS, 'r\n')
    assert.equal(await terminal.ended, 0, terminal.text)

    const shown = terminal.text
    assert.ok(!shown.includes('\u001b'), 'an escape sequence')
    for (const text of [
      'Step 1 of 3: Close the door\n',
      'x is no key here, nothing was done.',
      'policy   allows: default.stand-in',
      'undo     open the door again\n',
      'role     security-owner, held by bob\n',
      'eve is not who is asked: bob holds the role security-owner.',
      'nowhere.txt: ENOENT',
      'it is a directory',
    ])
      assert.ok(shown.includes(text), `${text}\n${shown}`)

    const evidence = site.evidence()
    assert.deepEqual(
      [evidence.outcome, evidence.operator.name, evidence.roles],
      ['attested', 'ada', { 'security-owner': 'bob' }],
    )
    assert.deepEqual(
      evidence.steps.map((step: { outcome: string }) => step.outcome),
      ['passed', 'attested', 'passed'],
    )
    const { attestation } = evidence.steps[1]
    assert.deepEqual([attestation.by, attestation.statement], ['bob', 'All keys are back'])
    assert.equal(attestation.attachment.path, 'artifacts/attached/call-keys.txt')
    const dir = path.join(site.reports, site.sealed()[0]!)
    assert.equal(readFileSync(path.join(dir, attestation.attachment.path), 'utf8'), 'one, two, and [secret token]\n')
    assert.match(readFileSync(path.join(dir, 'artifacts/snapshot-1/door.txt'), 'utf8'), /seen in/)
    assert.deepEqual(
      run
        .journal()
        .filter(({ type }) => /^(note|handover|snapshot|attested|step-started)$/.test(type))
        .map(({ type, data }) => `${type} ${data.by ?? data.to ?? data.step}`),
      [
        'note ada',
        'snapshot ada',
        'step-started close',
        'handover ada',
        'step-started call',
        'attested bob',
        'step-started look',
      ],
    )
  })

  test('takes back and leaves out what it is told to, on a narrow terminal', async () => {
    const { terminal, site, closed } = conducted('--step', { columns: 40 })
    await terminal.answer(KEYS.slice(-4), 'r\n')
    await terminal.shows('u takes back close:')
    await terminal.answer('> ', 'u\n')
    assert.ok(closed())
    await terminal.answer('Take it back? ', 'y\n')
    await terminal.shows('taken back: close')
    await terminal.answer('> ', 's\n')
    await terminal.answer('Why is it left out? ', 'nobody answers\n')
    await terminal.shows('Look at the door')
    await terminal.answer('> ', 'r\n')
    assert.equal(await terminal.ended, 1, terminal.text)
    assert.ok(!closed())
    const evidence = site.evidence()
    assert.deepEqual(
      evidence.steps.map((step: { outcome: string }) => step.outcome),
      ['skipped', 'skipped', 'passed'],
    )
    assert.equal(evidence.steps[1].skippedBy.reason, 'nobody answers')
    assert.ok(evidence.steps[0].undone.by)
  })

  for (const [what, typed, status] of [
    ['Ctrl-C', CTRL_C, 130],
    ['Ctrl-D', CTRL_D, 130],
    ['q', 'q\n', 130],
  ] as const) {
    test(`stops at ${what}, sealed as interrupted, with nothing more done`, async () => {
      const { terminal, site, closed } = conducted('--step')
      await terminal.answer(KEYS, typed)
      if (typed === 'q\n') await terminal.answer('Stop the run here?', 'y\n')
      assert.equal(await terminal.ended, status, terminal.text)
      assert.equal(site.evidence().outcome, 'interrupted')
      assert.ok(!closed())
      assert.match(terminal.text, /run --resume incident-/)
    })
  }
})

describe('a conducted run that was stopped', { skip }, () => {
  test('is gone on with, and evidence has what people did before', async () => {
    const { terminal, site } = conducted('--step --operator ada --role security-owner=bob')
    await terminal.answer(KEYS, 'n\n')
    await terminal.answer('Note (Enter: none): ', 'the door stood open\n')
    await terminal.answer(KEYS, 'r\n')
    await terminal.answer(KEYS, 'h\n')
    await terminal.answer('Who takes over from ada? ', 'mia\n')
    await terminal.answer('Which role? ', 'security-owner\n')
    await terminal.answer(KEYS, 'q\n')
    await terminal.answer('Stop the run here?', 'y\n')
    assert.equal(await terminal.ended, 130, terminal.text)
    const first = site.evidence()
    const { status, stderr } = await site.run(['run', '--resume', first.runId, '--operator', 'eve'])
    assert.equal(status, 0, stderr)
    const name = site.sealed().find(one => one.startsWith('incident-') && one !== first.runId)!
    const evidence = JSON.parse(readFileSync(path.join(site.reports, name, 'evidence.json'), 'utf8'))
    assert.deepEqual([evidence.outcome, evidence.operator.name], ['passed', 'eve'])
    assert.deepEqual(
      [evidence.notes, evidence.handovers, evidence.roles],
      [first.notes, first.handovers, { 'security-owner': 'mia' }],
    )
    assert.deepEqual(
      evidence.steps.map((step: { outcome: string; carriedFrom?: string }) => [step.outcome, step.carriedFrom]),
      [
        ['passed', first.runId],
        ['skipped', undefined],
        ['passed', undefined],
      ],
    )
  })
})

describe('an approval at a terminal', { skip }, () => {
  const asking = (words: string) => conducted(`--operator ada --role operator=bob ${words}`, { use: 'in-use' })

  test('is given by name, word and reason of whoever holds the role; somebody else is refused by name', async () => {
    const { terminal, site, closed } = asking('--yes=stand-in')
    await terminal.answer('Name of who approves', 'ada\n')
    await terminal.answer('Name of who approves', 'bob\n')
    assert.ok(!closed())
    await terminal.answer('Type yes (no ends the run): ', 'yse\n')
    await terminal.answer('That is neither yes nor no.\nApprove? Type yes (no ends the run): ', 'yes\n')
    await terminal.answer('Reason (one is needed): ', '\n')
    await terminal.answer('Reason (one is needed): ', 'it is open\n')
    await terminal.answer('your name', CTRL_D)
    assert.equal(await terminal.ended, 1, terminal.text)
    assert.ok(terminal.text.includes('ada is not who is asked: bob holds the role operator.'))
    const [close, call] = site.evidence().steps
    const { approvedBy, role, reason, how } = close.decision
    assert.deepEqual([approvedBy, role, reason, how], ['bob', 'operator', 'it is open', 'answered yes'])
    assert.deepEqual(
      [call.outcome, call.reason],
      ['skipped', 'nobody confirmed it: no answer; --allow-skip call=WHY says that it may be left out'],
    )
  })

  test('expires, which denies', async () => {
    const { terminal, site, closed } = asking('--approve-within 1s')
    await terminal.shows('Name of who approves')
    assert.equal(await terminal.ended, 4, terminal.text)
    assert.equal(site.evidence().steps[0].reason, 'default.write: expired: no answer within 1000 ms')
    assert.ok(!closed())
  })
})

test('a yes that names nothing is refused for what is in use, before anything runs', async () => {
  const site = new Site()
  const log = path.join(site.root, 'in-use')
  mkdirSync(log)
  const { status, stderr } = await site.run(['run', INCIDENT, '--param', `log=${log}`, '--yes'])
  assert.deepEqual([status, site.sealed(), existsSync(path.join(log, 'closed'))], [2, [], false])
  assert.match(stderr, /--yes has to name what it approves of: somebody uses it\n {2}hint: --yes=stand-in/)
})

test('a conductor that is a program is refused before anything runs', async () => {
  const site = new Site()
  const { status, stderr } = await site.run(['run', INCIDENT, '--param', 'log=/', '--step', '--json'])
  assert.deepEqual([status, site.sealed()], [2, []])
  assert.match(JSON.parse(stderr).error.message, /--step talks with a person/)
})
