/**
 * Makes docs/incident-recording.txt: a rehearsed incident at a real terminal of 80 columns, every question answered as somebody would.
 * The session itself is not edited; the place of this checkout is written as a dot, and so is that of scratch data.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Terminal } from '../test/terminal.ts'

const root = path.resolve(import.meta.dirname, '..')
const RECORDING = path.join(root, 'docs/incident-recording.txt')
const COMMAND =
  'bin/runproof run contain-leaked-admin-token --step --operator on-call --role security-owner=security --counterproofs observation'
const KEYS = '? help\n> '

const home = mkdtempSync(path.join(tmpdir(), 'incident-'))
try {
  const terminal = new Terminal(COMMAND, {
    cwd: root,
    env: {
      PATH: process.env['PATH'],
      HOME: home,
      TERM: 'dumb',
      RUNPROOF_REPORTS: path.join(home, 'reports'),
      RUNPROOF_WORK: path.join(home, 'work'),
    },
  })
  const run = async (steps: number) => {
    for (let step = 0; step < steps; step += 1) await terminal.answer(KEYS, 'r\n')
  }
  const confirm = async (by: string, attached: string) => {
    await terminal.answer(KEYS, 'r\n')
    await terminal.answer('your name', `${by}\n`)
    await terminal.answer('Is that true? ', 'yes\n')
    await terminal.answer('File to attach', `${attached}\n`)
  }

  const decisions = path.join(home, 'decisions.md')
  writeFileSync(decisions, 'connector external/ops-mirror: not ours, deleted\n')

  await run(2)
  await terminal.answer(KEYS, 'n\n')
  await terminal.answer('Note (Enter: none): ', 'token seen in a public paste, reported by security\n')
  await run(6)
  await terminal.answer(KEYS, 'h\n')
  await terminal.answer('Who takes over from on-call? ', 'second-shift\n')
  await terminal.answer('Which role? ', '\n')
  await confirm('security', decisions)
  await run(2)
  await confirm('second-shift', '')
  await run(3)
  const status = await terminal.ended
  if (status !== 0) throw new Error(`it ended with ${status}:\n${terminal.text}`)
  writeFileSync(RECORDING, `$ ${COMMAND}\n${terminal.text.replaceAll(root, '.').replaceAll(home, '.')}`)
} finally {
  rmSync(home, { recursive: true, force: true })
}
