import { type LaneAnswer, MOST_NAMED } from './lane-protocol.ts'

/** What a program did besides answering, each told once with the first question at which it was seen. */
export class SideEffects {
  readonly #seen = new Map<string, string>()
  #more = 0

  note(words: readonly string[], answer: LaneAnswer | null): void {
    const asked = ` when asked for ${JSON.stringify(words.join(' '))}`
    if (answer === null) {
      this.#add('ended or stopped the process beside it that asks', asked)
      return
    }
    for (const file of answer.files) this.#add(`wrote ${name(file)}`, asked)
    this.#more += answer.moreFiles
    for (const address of answer.listeners) this.#add(`listened on ${shown(address)}`, asked)
    for (const process of answer.processes) this.#add(`left a process behind: ${shown(process)},`, asked)
    if (answer.tooManyProcesses) this.#add('started so many processes that it was killed', asked)
  }

  #add(what: string, asked: string): void {
    if (this.#seen.has(what)) return
    if (this.#seen.size < MOST_NAMED) this.#seen.set(what, asked)
    else this.#more += 1
  }

  sentences(): string[] {
    const told = [...this.#seen].map(([what, asked]) => `it ${what}${asked}`)
    return this.#more === 0 ? told : [...told, `it did ${this.#more} more things of the kind`]
  }
}

/** Relative to where it is at home, or works. */
function name(path: string): string {
  return shown(path.replace(/^.*?\/runproof-[^/]+\/home\//, '~/').replace(/^.*?\/runproof-[^/]+\/work\//, './'))
}

/** As the program chose it, so it may hold anything. */
function shown(text: string): string {
  const quoted = JSON.stringify(text).replace(/[\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '?')
  return /^"[\w ./~@:[\]-]*"$/.test(quoted) ? quoted.slice(1, -1) : quoted
}
