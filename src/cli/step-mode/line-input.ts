import type { Readable, Writable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import { setTimeout as delay } from 'node:timers/promises'
import { promptText } from './say.ts'

/** What is typed ahead of a question is no answer to it. A person needs longer than this to read even its first word. */
const DEAF_MS = 60

/** The longest line that is kept; what a person types is shorter. */
const LONGEST = 4_096

/**
 * Questions that are answered by a line and Enter. Nothing of the terminal is needed for it but lines: it works over SSH, in a dumb
 * terminal and without colour, and keys that interrupt do so.
 *
 * Whatever comes while nothing is asked is dropped and told: a pasted text must not run three steps that nobody has read.
 */
export class LineInput implements Disposable {
  readonly #input: Readable & { setRawMode?: (raw: boolean) => unknown; isRaw?: boolean }
  readonly #output: Writable & { readonly columns?: number }
  readonly #decoder = new StringDecoder('utf8')
  #line = ''
  #ended = false
  #waiting: ((answer: string | undefined) => void) | undefined
  #dropped = 0

  constructor(input: Readable, output: Writable & { readonly columns?: number }) {
    this.#input = input
    this.#output = output
    if (this.#input.isRaw === true) this.#input.setRawMode?.(false)
    input.on('data', this.#take)
    input.on('end', this.#end)
    input.on('close', this.#end)
    // A terminal that went away.
    input.on('error', this.#end)
    input.resume()
  }

  /**
   * @param signal - aborts when nobody has to answer any more
   * @returns the line without white space around it; undefined where there is no answer: the input has ended (Ctrl-D, a lost
   *   connection), or the signal aborted
   */
  async ask(prompt: string, signal: AbortSignal): Promise<string | undefined> {
    await this.#dropWhatWasTypedAhead(signal)
    if (this.#ended || signal.aborted) return undefined
    const { promise, resolve } = Promise.withResolvers<string | undefined>()
    const onAbort = () => resolve(undefined)
    signal.addEventListener('abort', onAbort, { once: true })
    this.#waiting = resolve
    const show = () => this.#output.write(promptText(prompt, this.#output.columns))
    // Whoever comes back by `fg` sees a shell's lines, and a terminal forgets at Ctrl-Z what was half typed.
    const onContinue = () => {
      this.#line = ''
      this.#output.write('\n')
      show()
    }
    process.on('SIGCONT', onContinue)
    show()
    try {
      const answer = await promise
      if (answer === undefined) this.#output.write('\n')
      return answer
    } finally {
      this.#waiting = undefined
      process.off('SIGCONT', onContinue)
      signal.removeEventListener('abort', onAbort)
    }
  }

  [Symbol.dispose](): void {
    this.#input.off('data', this.#take)
    this.#input.off('end', this.#end)
    this.#input.off('close', this.#end)
    this.#input.pause()
  }

  async #dropWhatWasTypedAhead(signal: AbortSignal): Promise<void> {
    if (this.#ended) return
    await delay(DEAF_MS, undefined, { signal }).catch(() => {})
    if (this.#dropped > 0) this.#output.write('What was typed before anything was asked is left out.\n')
    this.#dropped = 0
    this.#line = ''
  }

  readonly #take = (chunk: Buffer | string) => {
    const parts = (this.#line + (typeof chunk === 'string' ? chunk : this.#decoder.write(chunk))).split(/\r\n|\n|\r/)
    this.#line = parts.pop()!.slice(-LONGEST)
    for (const line of parts) {
      const answer = this.#waiting
      this.#waiting = undefined
      if (answer === undefined) this.#dropped += 1
      else answer(line.slice(0, LONGEST).trim())
    }
  }

  readonly #end = () => {
    this.#ended = true
    this.#waiting?.(undefined)
  }
}
