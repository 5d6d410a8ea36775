import type { Writable } from 'node:stream'
import type { Conductor, Scene } from '../../engine/conductor.ts'
import { chosenBy } from './choices.ts'
import type { LineInput } from './line-input.ts'
import { sayTo } from './say.ts'
import { endedLines, KEYS, KEYS_AFTER, type Shown, screenLines } from './screen.ts'

/** A person at a terminal who decides before each step, by a letter and Enter. */
export function terminalConductor(lines: LineInput, output: Writable, shown: () => Shown): Conductor {
  let last: string | undefined
  const say = sayTo(output)

  /** The whole step when it is its turn, one line when something else was done in between. */
  const show = (scene: Scene) => {
    const { step, index, steps, ended } = scene
    const at = `${step.id} ${ended === undefined ? '' : 'ended'}`
    if (last === at) output.write(`\nStill ${ended === undefined ? 'before' : 'at'} step ${index + 1} of ${steps}.\n`)
    else for (const line of (ended === undefined ? screenLines : endedLines)(scene, shown())) output.write(`${line}\n`)
    last = at
  }

  return {
    async choose(scene, signal) {
      show(scene)
      const ask = (prompt: string) => lines.ask(prompt, signal)
      for (;;) {
        const key = await ask(`${scene.ended === undefined ? KEYS : KEYS_AFTER}\n> `)
        // Nobody is there any more: nothing is run unasked.
        if (key === undefined) return { do: 'stop', nobody: true }
        const choice = await chosenBy(key, scene, { say, ask })
        // A step that is tried again is shown again.
        if (choice?.do === 'run') last = undefined
        if (choice !== undefined) return choice
      }
    },
    tell: text => say(shown().redact(text)),
  }
}
