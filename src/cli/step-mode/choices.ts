import type { Choice, Scene } from '../../engine/conductor.ts'
import { isManual, ROLES, type Role } from '../../model/runbook.ts'
import { nameProblem } from '../run/people-flags.ts'
import { HELP, HELP_AFTER } from './screen.ts'

/** What is said and asked until a choice is made; an answer is undefined where nobody is there to give one. */
export interface Talk {
  readonly say: (text: string) => void
  readonly ask: (prompt: string) => Promise<string | undefined>
}

/** What a key leads to; nothing was chosen where it gives no choice. */
type Dialogue = (scene: Scene, talk: Talk) => Promise<Choice | undefined>

const BY_KEY: ReadonlyMap<string, Dialogue> = new Map([
  ['r', run],
  ['s', skip],
  ['u', undo],
  ['e', snapshot],
  ['n', note],
  ['h', handOver],
  ['q', stop],
  ['?', help],
])

export async function chosenBy(key: string, scene: Scene, talk: Talk): Promise<Choice | undefined> {
  const dialogue = BY_KEY.get(key.toLowerCase())
  if (dialogue !== undefined) return dialogue(scene, talk)
  talk.say(key === '' ? 'Nothing was typed.' : `${key} is no key here, nothing was done. ? tells what there is.`)
  return undefined
}

/** What must not be done twice is not done twice by one key. */
async function run({ step, ended }: Scene, { ask }: Talk): Promise<Choice | undefined> {
  const again = ended !== undefined && step.effect !== 'read' && step.resume === 'once' && !isManual(step.run)
  if (again && !isYes(await ask('It must not be done twice. Did you see that it was not? (y/N) '))) return undefined
  return { do: 'run' }
}

async function skip({ step, ended }: Scene, { say, ask }: Talk): Promise<Choice | undefined> {
  for (const { id } of step.yields ?? []) say(`Steps that need <${id}> will end without a verdict.`)
  const why = ended === undefined ? 'Why is it left out? (Enter: it is not) ' : 'Why go on without it? (Enter: do not) '
  const reason = await ask(why)
  return given(reason) ? { do: 'skip', reason } : undefined
}

async function undo(scene: Scene, { say, ask }: Talk): Promise<Choice | undefined> {
  if (scene.undo === undefined) {
    say('There is nothing that can be taken back.')
    return undefined
  }
  say(`Takes back ${scene.undo.describe}`)
  if (!scene.undo.whole) say('That step did not come to its end: look first what there is to take back.')
  return isYes(await ask('Take it back? (y/N) ')) ? { do: 'undo' } : undefined
}

async function snapshot(scene: Scene, { say }: Talk): Promise<Choice | undefined> {
  if (scene.snapshot !== undefined) return { do: 'snapshot' }
  say('This runbook says nothing of what to collect.')
  return undefined
}

async function note(_: Scene, { ask }: Talk): Promise<Choice | undefined> {
  const text = await ask('Note (Enter: none): ')
  return given(text) ? { do: 'note', text } : undefined
}

async function handOver({ operator }: Scene, { say, ask }: Talk): Promise<Choice | undefined> {
  const to = await ask(`Who takes over from ${operator}? (Enter: nobody) `)
  if (!given(to)) return undefined
  const problem = nameProblem(to)
  if (problem !== undefined) {
    say(`${to}: ${problem}. Nothing was handed over.`)
    return undefined
  }
  for (;;) {
    const role = await ask(`Which role? (Enter: this keyboard; ${ROLES.join(', ')}; no: none) `)
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

async function stop(_: Scene, { ask }: Talk): Promise<Choice | undefined> {
  return isYes(await ask('Stop the run here? It is sealed as interrupted. (y/N) ')) ? { do: 'stop' } : undefined
}

async function help({ ended }: Scene, { say }: Talk): Promise<undefined> {
  for (const line of ended === undefined ? HELP : HELP_AFTER) say(line)
}

function given(answer: string | undefined): answer is string {
  return answer !== undefined && answer !== ''
}

function isYes(answer: string | undefined): boolean {
  return answer?.toLowerCase() === 'y'
}
