import type { Writable } from 'node:stream'
import type { Choice, Conductor, Scene } from '../../engine/conductor.ts'
import { isManual, ROLES, type Role } from '../../model/runbook.ts'
import { nameProblem } from '../run/people-flags.ts'
import type { LineInput } from './line-input.ts'
import { sayTo } from './say.ts'
import { endedLines, HELP, HELP_AFTER, KEYS, KEYS_AFTER, type Shown, screenLines } from './screen.ts'

/** A person at a terminal who decides before each step, by a letter and Enter. */
export function terminalConductor(lines: LineInput, output: Writable, shown: () => Shown): Conductor {
  let last: string | undefined
  const say = sayTo(output)

  const choose = async (scene: Scene, signal: AbortSignal): Promise<Choice> => {
    const { step, index, steps } = scene
    const at = `${step.id} ${scene.ended === undefined ? '' : 'ended'}`
    if (last !== at)
      for (const line of (scene.ended === undefined ? screenLines : endedLines)(scene, shown()))
        output.write(`${line}\n`)
    else output.write(`\nStill ${scene.ended === undefined ? 'before' : 'at'} step ${index + 1} of ${steps}.\n`)
    last = at
    for (;;) {
      const key = await lines.ask(`${scene.ended === undefined ? KEYS : KEYS_AFTER}\n> `, signal)
      // Nobody is there any more: nothing is run unasked.
      if (key === undefined) return { do: 'stop', nobody: true }
      const choice = await chosen(key, scene, signal)
      if (choice !== undefined) return choice
    }
  }

  const chosen = async (key: string, scene: Scene, signal: AbortSignal): Promise<Choice | undefined> => {
    switch (key.toLowerCase()) {
      case 'r':
        if (!(await maySo(scene, signal))) return undefined
        last = undefined
        return { do: 'run' }
      case 's':
        return skip(scene, signal)
      case 'u':
        return undo(scene, signal)
      case 'e':
        if (scene.snapshot === undefined) say('This runbook says nothing of what to collect.')
        return scene.snapshot === undefined ? undefined : { do: 'snapshot' }
      case 'n': {
        const text = await lines.ask('Note (Enter: none): ', signal)
        return given(text) ? { do: 'note', text } : undefined
      }
      case 'h':
        return handOver(scene, signal)
      case 'q':
        return (await lines.ask('Stop the run here? It is sealed as interrupted. (y/N) ', signal))?.toLowerCase() ===
          'y'
          ? { do: 'stop' }
          : undefined
      case '?':
        for (const line of scene.ended === undefined ? HELP : HELP_AFTER) say(line)
        return undefined
      default:
        say(key === '' ? 'Nothing was typed.' : `${key} is no key here, nothing was done. ? tells what there is.`)
        return undefined
    }
  }

  /** What must not be done twice is not done twice by one key. */
  const maySo = async ({ step, ended }: Scene, signal: AbortSignal): Promise<boolean> => {
    if (ended === undefined || step.effect === 'read' || step.resume !== 'once' || isManual(step.run)) return true
    const answer = await lines.ask('It must not be done twice. Did you see that it was not? (y/N) ', signal)
    return answer?.toLowerCase() === 'y'
  }

  const skip = async ({ step, ended }: Scene, signal: AbortSignal): Promise<Choice | undefined> => {
    for (const { id } of step.yields ?? []) say(`Steps that need <${id}> will end without a verdict.`)
    const why =
      ended === undefined ? 'Why is it left out? (Enter: it is not) ' : 'Why go on without it? (Enter: do not) '
    const reason = await lines.ask(why, signal)
    return given(reason) ? { do: 'skip', reason } : undefined
  }

  const undo = async (scene: Scene, signal: AbortSignal): Promise<Choice | undefined> => {
    if (scene.undo === undefined) {
      say('There is nothing that can be taken back.')
      return undefined
    }
    say(`Takes back ${scene.undo.describe}`)
    if (!scene.undo.whole) say('That step did not come to its end: look first what there is to take back.')
    const answer = await lines.ask('Take it back? (y/N) ', signal)
    return answer?.toLowerCase() === 'y' ? { do: 'undo' } : undefined
  }

  const handOver = async ({ operator }: Scene, signal: AbortSignal): Promise<Choice | undefined> => {
    const to = await lines.ask(`Who takes over from ${operator}? (Enter: nobody) `, signal)
    if (!given(to)) return undefined
    const problem = nameProblem(to)
    if (problem !== undefined) {
      say(`${to}: ${problem}. Nothing was handed over.`)
      return undefined
    }
    for (;;) {
      const role = await lines.ask(`Which role? (Enter: this keyboard; ${ROLES.join(', ')}; no: none) `, signal)
      if (role === undefined) return undefined
      if (role.toLowerCase() === 'no') {
        say('Nothing was handed over.')
        return undefined
      }
      if ((role === '' || role === 'operator') && to === operator) {
        say(`${to} is at this keyboard already. Nothing was handed over.`)
        return undefined
      }
      if (role === '') return { do: 'hand-over', to }
      if (ROLES.includes(role as Role)) return { do: 'hand-over', to, role: role as Role }
      say(`${role} is no role.`)
    }
  }

  return { choose, tell: text => say(shown().redact(text)) }
}

function given(answer: string | undefined): answer is string {
  return answer !== undefined && answer !== ''
}
